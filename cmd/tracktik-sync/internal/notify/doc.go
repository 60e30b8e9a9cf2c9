// Package notify tells people how the runs go: by a webhook, by mail, and by pings
// to a watchdog that cries when they stay away.
//
// A message is about a change of state, not about a run: a thousand runs that fail
// one after the other are one message. What each channel was told is remembered in
// a record beside the snapshot, so that it holds for any process that makes the next
// run; a channel that was down is told later what it missed, as far as it still is
// so. Where the record cannot be written nothing is sent but pings, since every run
// would send it again. No channel gets more than 20 messages in 24 hours.
//
// The states are ok, failed, guard_refused and quarantined. Besides, there is a
// message for people who have a problem that they had not before, one when copies of the
// snapshot, metrics or events could not be kept up, and one when they can, and the digest,
// once a day. A run that says nothing about the whole (one for single people, one
// that somebody stopped) changes no state of the runs.
//
// Without Config.PersonalData a message names people by their ids alone, and
// whatever looks like an e-mail address is taken out of texts that came from
// elsewhere.
//
// Nothing here fails a run: what goes wrong is logged, once for each time that a
// channel breaks, without its address, which may be a secret.
package notify
