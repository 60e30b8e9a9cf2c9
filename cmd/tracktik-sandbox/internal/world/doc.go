// Package world is a generated guarding company that lives in two simulators at
// once: an Okta org with its people, groups and app assignments, and a TrackTik
// portal with regions, roles and some employees who were there before.
//
// Everything in it is invented and follows from a seed: two worlds of equal
// [Options] hold the same people with the same ids, whatever happens to them in the
// same order included. Only times are those of the clock. Most people are ordinary,
// in many scripts; the first few are a cast of edge cases, each with a note that
// says what is odd about them and what to expect.
//
// A world changes by a scripted week ([World.Advance]), by random events
// ([World.Live]), and by nobody else on the Okta side: the model that this package
// keeps beside the simulator is what [World.State] shows. On TrackTik's side others
// write too, so that side is always read from the simulator. [World.Audit] says
// where the two sides disagree.
package world
