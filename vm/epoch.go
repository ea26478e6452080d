package vm

// online, offline and quiet tell the maps when c can hold pointers into their
// memory: between online and offline, but not across quiet.

func (c *Context) online() {
	if c.Table != nil {
		c.Table.Epoch().Enter(c.CPU)
	}
}

func (c *Context) offline() {
	if c.Table != nil {
		c.Table.Epoch().Exit(c.CPU)
	}
}

func (c *Context) quiet() {
	if c.Table != nil {
		c.Table.Epoch().Quiesce(c.CPU)
	}
}
