package vm

// online, offline and quiet tell the maps when c can hold pointers into their
// memory: between online and offline, but not across quiet.
func (c *Context) online()  {}
func (c *Context) offline() {}
func (c *Context) quiet()   {}
