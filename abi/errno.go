package abi

import "strconv"

// Errno is a Linux error number, positive. Programs see it negated.
type Errno int32

// The error numbers that BPF uses, on every platform with Linux's values.
const (
	EPERM      Errno = 1
	ENOENT     Errno = 2
	EINTR      Errno = 4
	ENXIO      Errno = 6
	E2BIG      Errno = 7
	EBADF      Errno = 9
	EAGAIN     Errno = 11
	ENOMEM     Errno = 12
	EACCES     Errno = 13
	EFAULT     Errno = 14
	EBUSY      Errno = 16
	EEXIST     Errno = 17
	ENODEV     Errno = 19
	EINVAL     Errno = 22
	ENOSPC     Errno = 28
	ERANGE     Errno = 34
	EDEADLK    Errno = 35
	ENOSYS     Errno = 38
	ELOOP      Errno = 40
	EDOM       Errno = 33
	EPROTO     Errno = 71
	EOVERFLOW  Errno = 75
	EMSGSIZE   Errno = 90
	EOPNOTSUPP Errno = 95
	ENETDOWN   Errno = 100
	ETIMEDOUT  Errno = 110
	ENOTSUPP   Errno = 524
)

// R0 is e as a helper returns it: negated, sign-extended.
func (e Errno) R0() uint64 { return uint64(-int64(e)) }

var errnoNames = map[Errno]string{
	EPERM:      "EPERM",
	ENOENT:     "ENOENT",
	EINTR:      "EINTR",
	ENXIO:      "ENXIO",
	E2BIG:      "E2BIG",
	EBADF:      "EBADF",
	EAGAIN:     "EAGAIN",
	ENOMEM:     "ENOMEM",
	EACCES:     "EACCES",
	EFAULT:     "EFAULT",
	EBUSY:      "EBUSY",
	EEXIST:     "EEXIST",
	ENODEV:     "ENODEV",
	EINVAL:     "EINVAL",
	ENOSPC:     "ENOSPC",
	ERANGE:     "ERANGE",
	EDEADLK:    "EDEADLK",
	ENOSYS:     "ENOSYS",
	ELOOP:      "ELOOP",
	EDOM:       "EDOM",
	EPROTO:     "EPROTO",
	EOVERFLOW:  "EOVERFLOW",
	EMSGSIZE:   "EMSGSIZE",
	EOPNOTSUPP: "EOPNOTSUPP",
	ENETDOWN:   "ENETDOWN",
	ETIMEDOUT:  "ETIMEDOUT",
	ENOTSUPP:   "ENOTSUPP",
}

// String is the C name: "EINVAL".
func (e Errno) String() string {
	if s := errnoNames[e]; s != "" {
		return s
	}
	return "errno " + strconv.Itoa(int(e))
}

// Error is the C name, so that an Errno can be returned as an error.
func (e Errno) Error() string { return e.String() }
