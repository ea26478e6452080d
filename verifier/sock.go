package verifier

import "github.com/skepbpf/skep/abi"

// sockLayouts are what programs read through the kinds of socket pointers.
var sockLayouts = map[regType]*abi.Context{
	ptSocket:     abi.SocketLayout,
	ptSockCommon: abi.SockCommonLayout,
	ptTCPSock:    abi.TCPSockLayout,
	ptXDPSock:    abi.XDPSockLayout,
}

// checkSockAccess checks a load at off through a pointer to a socket.
func (v *verifier) checkSockAccess(regno, off, size int) error {
	r := v.reg(regno)
	if r.SMin < 0 {
		return v.reject(CodeUnbounded, abi.EACCES,
			"R%d min value is negative, either use unsigned index or do a if (index >=0) check.", regno)
	}
	c := sockLayouts[r.typ]
	if c == nil || off < 0 || c.Field(off, size, false, v.attachType()) == nil {
		return v.reject(CodeInvalidMem, abi.EACCES, "R%d invalid %s access off=%d size=%d", regno, r.typ, off, size)
	}
	return nil
}
