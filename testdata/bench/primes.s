; Counts the primes below 500 by trial division. The bounds of both loops are
; written down for the verifier.
.license "Dual MIT/GPL"
.program primes section=xdp
    r0 = 0
    r6 = 2
next:
    r7 = 2
try:
    r3 = r7
    r3 *= r7
    if r3 > r6 goto prime
    r4 = r6
    r4 %= r7
    if r4 == 0 goto composite
    r7 += 1
    if r7 < 32 goto try
prime:
    r0 += 1
composite:
    r6 += 1
    if r6 < 500 goto next
    exit
