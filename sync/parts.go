package sync

// The parts of a run, lower ones first: a part knows only those above it in this list, so
// that what is read never depends on what is decided from it. A reader writes facts, a
// decider writes what was decided.
type parts struct {
	portalReader   *portalReader
	regionReader   *regionReader
	dateReader     *dateReader
	groupReader    *groupReader
	ownGroupReader *ownGroupReader
	tieReader      *tieReader
	peopleReader   *peopleReader
	absentReader   *absentReader
	scopeReader    *scopeReader
	grantReader    *grantReader
	relinker       *relinker
	employeeReader *employeeReader
	claimer        *claimer
	nameReader     *nameReader
	singleReader   *singleReader
	matcher        *matcher
	reader         *reader
	peopleDecider  *peopleDecider
	groupDecider   *groupDecider
	roleDecider    *roleDecider
	holderReader   *holderReader
	changeFinder   *changeFinder
	rolelessFinder *rolelessFinder
	roleViewer     *roleViewer
	leftReader     *leftReader
	grantDecider   *grantDecider
	guard          *guard
	approver       *approver
	carrier        *carrier
	recorder       *recorder
	standingReader *standingReader
	census         *census
	bookkeeper     *bookkeeper
}

// wire makes the parts of a run, from the ground up.
func (r *run) wire() {
	b, d := r.base, r.decided
	r.portalReader = &portalReader{b}
	r.regionReader = &regionReader{b}
	r.dateReader = &dateReader{b, r.regionReader}
	r.groupReader = &groupReader{b}
	r.ownGroupReader = &ownGroupReader{b, r.groupReader}
	r.tieReader = &tieReader{b}
	r.peopleReader = &peopleReader{b, r.groupReader, r.tieReader, r.dateReader}
	r.absentReader = &absentReader{b, r.peopleReader}
	r.scopeReader = &scopeReader{b, r.absentReader, r.ownGroupReader, r.groupReader}
	r.grantReader = &grantReader{b, r.portalReader}
	r.relinker = &relinker{b, r.portalReader}
	r.employeeReader = &employeeReader{b, r.grantReader, r.relinker, r.portalReader}
	r.claimer = &claimer{b, d}
	r.nameReader = &nameReader{b, r.claimer, r.peopleReader, r.ownGroupReader}
	r.singleReader = &singleReader{b, r.nameReader, r.peopleReader, r.absentReader, r.scopeReader, r.ownGroupReader, r.employeeReader}
	r.matcher = &matcher{b, r.tieReader, r.portalReader}
	r.reader = &reader{b, r.employeeReader, r.groupReader, r.peopleReader, r.absentReader, r.scopeReader}
	r.peopleDecider = &peopleDecider{b, d, r.dateReader, r.portalReader, r.regionReader, r.claimer, r.nameReader, r.matcher}
	r.groupDecider = &groupDecider{b, d, r.portalReader, r.groupReader}
	r.roleDecider = &roleDecider{b, d, r.peopleDecider}
	r.holderReader = &holderReader{b, d, r.roleDecider, r.grantReader}
	r.changeFinder = &changeFinder{b, d}
	r.rolelessFinder = &rolelessFinder{b, d, r.portalReader, r.groupReader, r.holderReader, r.changeFinder}
	r.roleViewer = &roleViewer{b, d, r.portalReader, r.grantReader, r.roleDecider}
	r.leftReader = &leftReader{b, d}
	r.grantDecider = &grantDecider{b, d, r.groupDecider, r.rolelessFinder, r.changeFinder, r.roleViewer, r.leftReader, r.holderReader, r.roleDecider}
	r.guard = &guard{b, d}
	r.approver = &approver{b, d}
	r.carrier = &carrier{b, d, r.absentReader, r.dateReader, r.scopeReader, r.regionReader, r.leftReader, r.approver}
	r.recorder = &recorder{b, d, r.carrier, r.dateReader}
	r.standingReader = &standingReader{b}
	r.census = &census{b, d, r.standingReader}
	r.bookkeeper = &bookkeeper{b, d, r.census, r.absentReader}
}
