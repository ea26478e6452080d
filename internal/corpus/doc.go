// Package corpus gives tests the compiled objects in the folder that
// SKEP_ORACLE_OBJS names, fitted to the running kernel. The objects are read as
// object.Open reads them; what cannot be read is left out. It knows nothing of
// what the tests do with them.
package corpus
