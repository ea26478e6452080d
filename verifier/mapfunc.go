package verifier

import (
	"slices"

	"github.com/skepbpf/skep/abi"
)

// helpersOfMap lists, for the map types that only some helpers work on, those
// helpers.
var helpersOfMap = map[abi.MapType][]abi.HelperID{
	abi.ProgArray: {abi.TailCall},
	abi.PerfEventArray: {
		abi.PerfEventRead, abi.PerfEventOutput, abi.SKBOutput, abi.PerfEventReadValue, abi.XDPOutput,
	},
	abi.RingBuf: {
		abi.RingBufOutput, abi.RingBufReserve, abi.RingBufQuery, abi.RingBufReserveDynptr,
		abi.RingBufSubmitDynptr, abi.RingBufDiscardDynptr,
	},
	abi.UserRingBuf:         {abi.UserRingBufDrain},
	abi.StackTrace:          {abi.GetStackid},
	abi.CgroupArray:         {abi.SKBUnderCgroup, abi.CurrentTaskUnderCgroup},
	abi.CgroupStorage:       {abi.GetLocalStorage},
	abi.PerCPUCgroupStorage: {abi.GetLocalStorage},
	abi.DevMap:              {abi.RedirectMap, abi.MapLookupElem},
	abi.DevMapHash:          {abi.RedirectMap, abi.MapLookupElem},
	abi.CPUMap:              {abi.RedirectMap},
	abi.XSKMap:              {abi.RedirectMap, abi.MapLookupElem},
	abi.ArrayOfMaps:         {abi.MapLookupElem},
	abi.HashOfMaps:          {abi.MapLookupElem},
	abi.SockMap: {
		abi.SkRedirectMap, abi.SockMapUpdate, abi.MsgRedirectMap, abi.SkSelectReuseport, abi.MapLookupElem,
	},
	abi.SockHash: {
		abi.SkRedirectHash, abi.SockHashUpdate, abi.MsgRedirectHash, abi.SkSelectReuseport, abi.MapLookupElem,
	},
	abi.ReuseportSockArray: {abi.SkSelectReuseport},
	abi.Queue:              {abi.MapPeekElem, abi.MapPopElem, abi.MapPushElem},
	abi.Stack:              {abi.MapPeekElem, abi.MapPopElem, abi.MapPushElem},
	abi.SkStorage:          {abi.SkStorageGet, abi.SkStorageDelete, abi.KptrXchg},
	abi.InodeStorage:       {abi.InodeStorageGet, abi.InodeStorageDelete, abi.KptrXchg},
	abi.TaskStorage:        {abi.TaskStorageGet, abi.TaskStorageDelete, abi.KptrXchg},
	abi.CgrpStorage:        {abi.CgrpStorageGet, abi.CgrpStorageDelete, abi.KptrXchg},
	abi.BloomFilter:        {abi.MapPeekElem, abi.MapPushElem},
}

// mapsOfHelper lists, for the helpers that only work on some map types, those
// types.
var mapsOfHelper = map[abi.HelperID][]abi.MapType{
	abi.TailCall:               {abi.ProgArray},
	abi.PerfEventRead:          {abi.PerfEventArray},
	abi.PerfEventOutput:        {abi.PerfEventArray},
	abi.PerfEventReadValue:     {abi.PerfEventArray},
	abi.SKBOutput:              {abi.PerfEventArray},
	abi.XDPOutput:              {abi.PerfEventArray},
	abi.RingBufOutput:          {abi.RingBuf},
	abi.RingBufReserve:         {abi.RingBuf},
	abi.RingBufQuery:           {abi.RingBuf},
	abi.RingBufReserveDynptr:   {abi.RingBuf},
	abi.RingBufSubmitDynptr:    {abi.RingBuf},
	abi.RingBufDiscardDynptr:   {abi.RingBuf},
	abi.UserRingBufDrain:       {abi.UserRingBuf},
	abi.GetStackid:             {abi.StackTrace},
	abi.CurrentTaskUnderCgroup: {abi.CgroupArray},
	abi.SKBUnderCgroup:         {abi.CgroupArray},
	abi.RedirectMap:            {abi.DevMap, abi.DevMapHash, abi.CPUMap, abi.XSKMap},
	abi.SkRedirectMap:          {abi.SockMap},
	abi.MsgRedirectMap:         {abi.SockMap},
	abi.SockMapUpdate:          {abi.SockMap},
	abi.SkRedirectHash:         {abi.SockHash},
	abi.MsgRedirectHash:        {abi.SockHash},
	abi.SockHashUpdate:         {abi.SockHash},
	abi.GetLocalStorage:        {abi.CgroupStorage, abi.PerCPUCgroupStorage},
	abi.SkSelectReuseport:      {abi.ReuseportSockArray, abi.SockMap, abi.SockHash},
	abi.MapPopElem:             {abi.Queue, abi.Stack},
	abi.MapPeekElem:            {abi.Queue, abi.Stack, abi.BloomFilter},
	abi.MapPushElem:            {abi.Queue, abi.Stack, abi.BloomFilter},
	abi.MapLookupPerCPUElem:    {abi.PerCPUArray, abi.PerCPUHash, abi.LRUPerCPUHash},
	abi.SkStorageGet:           {abi.SkStorage},
	abi.SkStorageDelete:        {abi.SkStorage},
	abi.InodeStorageGet:        {abi.InodeStorage},
	abi.InodeStorageDelete:     {abi.InodeStorage},
	abi.TaskStorageGet:         {abi.TaskStorage},
	abi.TaskStorageDelete:      {abi.TaskStorage},
	abi.CgrpStorageGet:         {abi.CgrpStorage},
	abi.CgrpStorageDelete:      {abi.CgrpStorage},
}

// checkMapFunc demands that map and helper fit each other.
func (v *verifier) checkMapFunc(mapAt int32, id abi.HelperID) error {
	if mapAt < 0 {
		return nil
	}
	t := v.maps[mapAt].Type
	ok := true
	if list, limited := helpersOfMap[t]; limited && !slices.Contains(list, id) {
		ok = (t == abi.SockMap || t == abi.SockHash) && v.mayUpdateSockMap(id)
	}
	if list, limited := mapsOfHelper[id]; ok && limited {
		ok = slices.Contains(list, t)
	}
	if !ok {
		return v.reject(CodeHelperMap, abi.EINVAL, "cannot pass map_type %d into func %s#%d", t, helperText(id), id)
	}
	return nil
}

// mayUpdateSockMap reports whether the program may change a socket map by the
// general helpers: only where it cannot hold the socket's lock.
func (v *verifier) mayUpdateSockMap(id abi.HelperID) bool {
	if id != abi.MapUpdateElem && id != abi.MapDeleteElem {
		return false
	}
	switch v.progType() {
	case abi.Tracing:
		if v.attachType() == abi.AttachTraceIter {
			return true
		}
	case abi.SockOps:
		if id == abi.MapDeleteElem {
			return true
		}
	case abi.SocketFilter, abi.SchedCLS, abi.SchedACT, abi.XDP, abi.SkReuseport, abi.FlowDissector, abi.SkLookup:
		return true
	}
	v.log.printf("cannot update sockmap in this context\n")
	return false
}
