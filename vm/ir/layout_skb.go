package ir

// Offsets of the native block of programs with a struct __sk_buff: the struct
// as programs see it, and behind it the addresses that its 4-byte fields cannot
// hold.
const (
	SKBFields   = 192 // size of struct __sk_buff
	SKBData     = 192 // address of the first packet byte, 8 bytes
	SKBDataEnd  = 200 // address behind the last packet byte
	SKBDataMeta = 208 // address of the metadata before the packet
	SKBSize     = 216
)

var skbLayout = CtxLayout{Size: SKBSize, Fields: []CtxField{
	{Off: 0, Size: 76, Native: 0, NativeSize: 4},
	{Off: 76, Size: 4, Native: SKBData, NativeSize: 8},
	{Off: 80, Size: 4, Native: SKBDataEnd, NativeSize: 8},
	{Off: 84, Size: 56, Native: 84, NativeSize: 4},
	{Off: 140, Size: 4, Native: SKBDataMeta, NativeSize: 8},
	{Off: 144, Size: 48, Native: 144, NativeSize: 8},
}}
