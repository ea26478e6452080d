package decode

import (
	"encoding/json"
)

// Text is v on one line: {field=value, ...} for structs, [a b] for lists.
func Text(v Value) string { return string(appendText(nil, v)) }

func appendText(out []byte, v Value) []byte {
	switch v := v.(type) {
	case Scalar:
		out = append(out, v.Text...)
	case List:
		out = append(out, '[')
		for i, e := range v {
			if i > 0 {
				out = append(out, ' ')
			}
			out = appendText(out, e)
		}
		out = append(out, ']')
	case Struct:
		out = append(out, '{')
		for i, f := range v {
			if i > 0 {
				out = append(out, ", "...)
			}
			if f.Name != "" {
				out = append(out, f.Name...)
				out = append(out, '=')
			}
			out = appendText(out, f.Value)
		}
		out = append(out, '}')
	}
	return out
}

// AppendJSON appends v as JSON, members in C order.
func AppendJSON(out []byte, v Value) []byte {
	switch v := v.(type) {
	case Scalar:
		out = append(out, v.JSON...)
	case List:
		out = append(out, '[')
		for i, e := range v {
			if i > 0 {
				out = append(out, ',')
			}
			out = AppendJSON(out, e)
		}
		out = append(out, ']')
	case Struct:
		out = append(out, '{')
		for i, f := range v {
			if i > 0 {
				out = append(out, ',')
			}
			out = append(out, quote(f.Name)...)
			out = append(out, ':')
			out = AppendJSON(out, f.Value)
		}
		out = append(out, '}')
	}
	return out
}

// quote is s as a JSON string; names come from BTF and may hold anything.
func quote(s string) string {
	b, err := json.Marshal(s)
	if err != nil {
		panic("BUG: string that JSON cannot hold")
	}
	return string(b)
}

// JSON is a Value that marshals itself.
type JSON struct{ Value }

// MarshalJSON is AppendJSON.
func (j JSON) MarshalJSON() ([]byte, error) {
	if j.Value == nil {
		return []byte("null"), nil
	}
	return AppendJSON(nil, j.Value), nil
}
