package abi

import "slices"

// NumHelpers is one more than the highest helper number of Linux 6.18.
const NumHelpers = 212

// helperRows holds the rows of each helper, by number. Rows that are narrowed
// to attach types come before those that are not.
var helperRows = func() (t [NumHelpers][]Helper) {
	all := slices.Concat(mapHelpers, coreHelpers, traceHelpers, skbHelpers,
		xdpHelpers, cgroupHelpers, sockHelpers)
	slices.SortStableFunc(all, func(a, b Helper) int { return int(a.ID - b.ID) })
	for i := 0; i < len(all); {
		j := i
		for j < len(all) && all[j].ID == all[i].ID {
			j++
		}
		t[all[i].ID] = all[i:j:j]
		i = j
	}
	return t
}()

// helperIDs finds the number of a helper by its C name.
var helperIDs = func() map[string]HelperID {
	m := make(map[string]HelperID, NumHelpers)
	for id, rows := range helperRows {
		if len(rows) > 0 {
			m[rows[0].Name] = HelperID(id)
		}
	}
	return m
}()

// Helpers are all prototypes of a helper, nil if there is none. They must not
// be changed.
func Helpers(id HelperID) []Helper {
	if id <= 0 || id >= NumHelpers {
		return nil
	}
	return helperRows[id]
}
