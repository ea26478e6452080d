package main

import (
	"math"
	"strings"
	"testing"
)

func TestMessagesAreFoundInTheirOrder(t *testing.T) {
	t.Parallel()
	const log = "0: (b7) r0 = 1\n1: (95) exit\nprocessed 2 insns [x]\n"
	for _, c := range []struct {
		name string
		tags []string
		lack string // the message that is not found, "" if all are
	}{
		{"text is looked for anywhere", []string{"0=exit"}, ""},
		{"what is behind the match before is looked at", []string{"0=r0", "1=processed"}, ""},
		{"what is in front of it is not", []string{"0=exit", "1=r0"}, "r0"},
		{"the same text twice must be there twice", []string{"0=exit", "1=exit"}, "exit"},
		{"the numbers give the order, not the tags", []string{"11=processed", "2=exit"}, ""},
		{"braces hold an expression", []string{"0=processed {{[0-9]+}} insns"}, ""},
		{"outside of braces nothing is special", []string{"0={{i}}nsns [x]"}, ""},
		{"a point matches no line end", []string{"0=r0{{.*}}exit"}, "r0{{.*}}exit"},
		{"a dollar matches a line's end", []string{"0=exit{{$}}"}, ""},
		{"a circumflex matches a line's begin", []string{"0={{^}}1: "}, ""},
		{"text that is nowhere may be forbidden", []string{"!0=r1"}, ""},
		{"forbidden text alone is looked for in the whole log", []string{"!0=processed"}, "processed"},
		{"in front of text that is there", []string{"!0=r0", "1=exit"}, "r0"},
		{"not behind it", []string{"!0=processed", "1=exit"}, ""},
		{"between its neighbours", []string{"0=r0", "!1=e{{.}}it", "2=processed"}, "e{{.}}it"},
		{"not beyond them", []string{"0=exit", "!1=r0", "2=processed", "!3=exit"}, ""},
		{"behind the last text to the end", []string{"0=exit", "!1=insns"}, "insns"},
		{"several between two", []string{"0=r0", "!1=nothing", "!2=(95)", "3=insns"}, "(95)"},
		{"text that is not there counts before what is forbidden in front of it", []string{"!0=r0", "1=r9"}, "r9"},
		{"a negated set matches no line end", []string{"0=r0{{[^x]*}}(95)"}, "r0{{[^x]*}}(95)"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var tags []string
			for _, tag := range c.tags {
				if absent, ok := strings.CutPrefix(tag, "!"); ok {
					tags = append(tags, "comment:test_expect_not_msg="+absent)
					continue
				}
				tags = append(tags, "comment:test_expect_msg="+tag)
			}
			x := readExpectations(tags)
			if x.err != nil {
				t.Fatal(x.err)
			}
			got := ""
			if m, _ := mismatch(log, x.priv.msgs); m != nil {
				got = m.text
			}
			if got != c.lack {
				t.Errorf("the message not found is %q, want %q", got, c.lack)
			}
		})
	}
}

func TestReturnValuesAreRead(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		val  string
		want int32
		any  bool
		ok   bool
	}{
		{"12", 12, false, true},
		{"-1", -1, false, true},
		{"0xffffffff", -1, false, true},
		{"0xabcdef12", -0x543210ee, false, true},
		{"INT_MIN", math.MinInt32, false, true},
		{"(-2147483647 - 1)", math.MinInt32, false, true},
		{"TEST_DATA_LEN", 64, false, true},
		{"POINTER_VALUE", 0, true, true},
		{"0xcafe4all", 0, true, true},
		{"", 0, false, false},
		{"12x", 0, false, false},
		{"XDP_PASS", 0, false, false},
	} {
		r, err := readRetval(c.val)
		if (err == nil) != c.ok {
			t.Errorf("%q: error %v", c.val, err)
		}
		if err == nil && (r.want != c.want || r.any != c.any) {
			t.Errorf("%q is %d, any %v; want %d, any %v", c.val, r.want, r.any, c.want, c.any)
		}
	}
}

func TestModesInheritWhatIsNotSaid(t *testing.T) {
	t.Parallel()
	const pre = "comment:test_"
	x := readExpectations([]string{pre + "expect_failure", pre + "expect_msg=0=a", pre + "expect_failure_unpriv", pre + "retval=3"})
	if !x.priv.asked || !x.unpriv.asked || !x.unpriv.failure || len(x.unpriv.msgs) != 1 || x.unpriv.retval != x.priv.retval {
		t.Errorf("unprivileged has %+v, want what the privileged has", x.unpriv)
	}
	x = readExpectations([]string{pre + "expect_failure", pre + "expect_success_unpriv", pre + "expect_msg_unpriv=0=b"})
	if x.unpriv.failure || len(x.unpriv.msgs) != 1 || len(x.priv.msgs) != 0 {
		t.Errorf("unprivileged has %+v, want what is said of it", x.unpriv)
	}
	if x = readExpectations([]string{pre + "description=a=b"}); !x.tagged || !x.priv.asked || x.priv.failure || x.description != "a=b" {
		t.Errorf("without a verdict: %+v, want acceptance expected of the privileged", x)
	}
	if x = readExpectations([]string{"other"}); x.tagged {
		t.Error("a tag that is not for tests is taken for one")
	}
}
