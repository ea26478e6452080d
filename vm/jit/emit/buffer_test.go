package emit

import "testing"

func TestLabelsAndFixups(t *testing.T) {
	t.Parallel()
	var b Buffer
	b.Reset(16)
	first := b.NewLabels(2)
	b.Byte(1)
	b.Want(first+1, 7)
	b.Bind(first)
	b.U16(0x0203)
	b.U64(4)
	b.Bind(first + 1)
	if len(b.Fixups) != 1 || b.Fixups[0] != (Fixup{At: 1, Label: first + 1, Kind: 7}) {
		t.Errorf("%+v", b.Fixups)
	}
	if b.Offset(first) != 5 || b.Offset(first+1) != 15 || b.Len() != 15 {
		t.Errorf("labels at %d and %d of %d", b.Offset(first), b.Offset(first+1), b.Len())
	}
	if b.Offset(b.NewLabel()) != -1 {
		t.Error("a label without a place has one")
	}
	b.Reset(4)
	if b.Len() != 0 || len(b.Fixups) != 0 {
		t.Error("Reset left something")
	}
}
