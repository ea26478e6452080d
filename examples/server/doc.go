// Command server is a server that asks a plug-in about each request, as an
// embedder of skep writes it. Requests are lines of standard input, a client's
// address and a path; what the plug-in says of them is printed. It knows of
// plug-ins no more than struct request in ../policy/policy.bpf.c.
package main
