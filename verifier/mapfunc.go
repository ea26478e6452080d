package verifier

import "github.com/skepbpf/skep/abi"

// checkMapFunc demands that map and helper fit each other.
func (v *verifier) checkMapFunc(mapAt int32, id abi.HelperID) error {
	if mapAt < 0 {
		return nil
	}
	t := v.maps[mapAt].Type
	info := t.Info()
	if info == nil || id == abi.ForEachMapElem && info.Helpers == nil {
		return nil // what a callback may walk has a rule of its own
	}
	if info.Takes(id, v.progType(), v.attachType()) {
		return nil
	}
	if (t == abi.SockMap || t == abi.SockHash) && (id == abi.MapUpdateElem || id == abi.MapDeleteElem) {
		v.note("cannot update sockmap in this context")
	}
	return v.reject(CodeHelperMap, abi.EINVAL, "cannot pass map_type %d into func %s#%d", t, helperText(id), id)
}
