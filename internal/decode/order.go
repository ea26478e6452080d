package decode

import (
	"cmp"
	"strconv"
)

// Less orders values for display: numbers by size, the rest by their text,
// structs and lists member by member.
func Less(a, b Value) bool { return compare(a, b) < 0 }

func compare(a, b Value) int {
	switch a := a.(type) {
	case Scalar:
		b, ok := b.(Scalar)
		if !ok {
			return -1
		}
		x, errX := strconv.ParseInt(a.JSON, 10, 64)
		y, errY := strconv.ParseInt(b.JSON, 10, 64)
		if errX == nil && errY == nil {
			return cmp.Compare(x, y)
		}
		return cmp.Compare(a.Text, b.Text)
	case List:
		if b, ok := b.(List); ok {
			for i := range min(len(a), len(b)) {
				if c := compare(a[i], b[i]); c != 0 {
					return c
				}
			}
			return cmp.Compare(len(a), len(b))
		}
	case Struct:
		if b, ok := b.(Struct); ok {
			for i := range min(len(a), len(b)) {
				if c := compare(a[i].Value, b[i].Value); c != 0 {
					return c
				}
			}
			return cmp.Compare(len(a), len(b))
		}
	}
	return 0
}

// IsZero reports whether every number in v is 0 and every string empty.
func IsZero(v Value) bool {
	switch v := v.(type) {
	case Scalar:
		return v.JSON == "0" || v.JSON == `""` || v.JSON == "false"
	case List:
		for _, e := range v {
			if !IsZero(e) {
				return false
			}
		}
	case Struct:
		for _, f := range v {
			if !IsZero(f.Value) {
				return false
			}
		}
	}
	return true
}

// Sum adds up the values of a per-CPU element: integers, and structs or arrays
// of them member by member. It is nil if anything in them is no integer.
func Sum(l List) Value {
	if len(l) == 0 {
		return nil
	}
	total := l[0]
	for _, v := range l[1:] {
		if total = add(total, v); total == nil {
			return nil
		}
	}
	return add(total, nil)
}

// add is a + b, of the same shape; b nil only checks that a can be added.
func add(a, b Value) Value {
	switch a := a.(type) {
	case Scalar:
		x, err := strconv.ParseUint(a.JSON, 10, 64)
		if err != nil {
			n, err := strconv.ParseInt(a.JSON, 10, 64)
			if err != nil {
				return nil
			}
			x = uint64(n)
		}
		if b == nil {
			return a
		}
		s, ok := add(b, nil).(Scalar)
		if !ok {
			return nil
		}
		y, err := strconv.ParseUint(s.JSON, 10, 64)
		if err != nil {
			n, _ := strconv.ParseInt(s.JSON, 10, 64)
			return decimal(strconv.FormatInt(int64(x)+n, 10))
		}
		return decimal(strconv.FormatUint(x+y, 10))
	case List:
		o, ok := b.(List)
		if b != nil && (!ok || len(o) != len(a)) {
			return nil
		}
		out := make(List, len(a))
		for i := range a {
			var with Value
			if b != nil {
				with = o[i]
			}
			if out[i] = add(a[i], with); out[i] == nil {
				return nil
			}
		}
		return out
	case Struct:
		o, ok := b.(Struct)
		if b != nil && (!ok || len(o) != len(a)) {
			return nil
		}
		out := make(Struct, len(a))
		for i := range a {
			var with Value
			if b != nil {
				with = o[i].Value
			}
			sum := add(a[i].Value, with)
			if sum == nil {
				return nil
			}
			out[i] = Field{a[i].Name, sum}
		}
		return out
	}
	return nil
}
