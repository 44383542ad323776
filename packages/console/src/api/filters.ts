// Written by docs/generate.ts: what each list can be narrowed by, and what a filter can be where that is known.

export const filters: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> = {
  "servers": {"server":[],"tag":[],"method":["ssh","openssh","local","function"],"user":[],"is":["held","blocked","unapproved","busy","waiting","failing"],"since":[],"until":[]},
  "placements": {"server":[],"backend":[],"model":[],"object":[],"identity":[],"state":["pending","applied","failed","deleting","kept"],"is":["stale","kept","open","failing"],"log":[],"since":[],"until":[]},
  "objects": {"server":[],"backend":[],"model":[],"object":[],"identity":[],"state":["pending","applied","failed","deleting","kept"],"is":["stale","kept","open","failing"],"log":[],"since":[],"until":[]},
  "units": {"actor":[],"source":[],"login":[],"object":[],"is":["open","failing","failed","done"],"since":[],"until":[]},
  "operations": {"server":[],"backend":[],"model":[],"object":[],"identity":[],"action":[],"state":["waiting","running","done","superseded"],"outcome":["success","failure","timeout","unreachable","unknown","revoked","aborted","nothing"],"is":["open","waiting","running","failing","held","cancelled","undecided","changed"],"unit":[],"log":[],"since":[],"until":[]},
  "logs": {"server":[],"backend":[],"object":[],"state":["RECEIVED","STARTED","SUCCESS","FAILURE","ERROR","TIMEOUT","ABORTED","REVOKED","NOTHING"],"is":["running","failed","ended"],"log":[],"since":[],"until":[]},
  "findings": {"server":[],"backend":[],"model":[],"object":[],"identity":[],"state":["drifted","missing","unknown","unowned","orphaned"],"is":["drift","stray","stale"],"since":[],"until":[]},
  "incidents": {"server":[],"backend":[],"state":["open","recovered","resolved"],"outcome":["success","failure","timeout","unreachable","unknown","revoked","aborted","nothing","override"],"is":["open","muted","lasting","regressed","acknowledged","merged"],"since":[],"until":[]},
  "syncs": {"server":[],"backend":[],"model":[],"object":[],"mode":["sync","check"],"state":["comparing","inspecting","stopped","failed"],"actor":[],"source":[],"is":["open","ended"],"since":[],"until":[]},
  "transfers": {"from":[],"to":[],"backend":[],"model":[],"object":[],"is":["running","failing"],"since":[],"until":[]},
  "routes": {"backend":[],"server":[],"tag":[],"route":[],"is":["enabled","disabled"]},
  "protections": {"object":[],"model":[],"backend":[],"by":[],"is":["object","backend"],"since":[],"until":[]},
  "plans": {"server":[],"backend":[],"model":[],"state":["open","applied","rejected","stale","discarded"],"by":[],"since":[],"until":[]},
  "audit": {"by":[],"action":[],"target":[],"is":["failed","done"],"since":[],"until":[]},
}
