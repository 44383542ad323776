// Written by docs/generate.ts: what can be asked for by HTTP. Nothing of it is there at run time.

import type {
  adoptionSurvey,
  adoptionTake,
  approvalList,
  approvalWaiting,
  auditHead,
  auditList,
  auditVerify,
  backendList,
  bindingAdd,
  bindingList,
  bindingRemove,
  bindingShow,
  bulkItems,
  bulkShow,
  bulkStart,
  channelAdd,
  channelList,
  channelRemove,
  channelShow,
  channelTest,
  deliveryList,
  deliveryRepeat,
  doctorExamine,
  driftCauses,
  driftList,
  driftRepair,
  eventFollow,
  eventList,
  hookAdd,
  hookList,
  hookRemove,
  hookShow,
  incidentAcknowledge,
  incidentList,
  incidentMerge,
  incidentMute,
  incidentResolve,
  incidentRetry,
  incidentShow,
  incidentSplit,
  laneShow,
  logLines,
  logList,
  logSearch,
  logSections,
  logShow,
  logWatch,
  matrixRead,
  modelFields,
  modelList,
  objectCollect,
  objectExplain,
  objectForget,
  objectList,
  operationList,
  pauseShow,
  placeList,
  planApply,
  planApprove,
  planDiffs,
  planDiscard,
  planKeep,
  planList,
  planMake,
  planOperations,
  planReject,
  planScripts,
  planShow,
  protectionAdd,
  protectionList,
  protectionRemove,
  requestCancel,
  requestList,
  requestShow,
  roleAdd,
  roleList,
  roleRemove,
  roleSet,
  roleShow,
  routeAdd,
  routeDisable,
  routeEnable,
  routeList,
  routePreview,
  routeRemove,
  routeSet,
  routeShow,
  scheduleList,
  scheduleRun,
  searchFind,
  serverAdd,
  serverApprove,
  serverCheck,
  serverHold,
  serverList,
  serverRelease,
  serverRemove,
  serverSet,
  serverShow,
  sessionList,
  sessionRevoke,
  statusRead,
  syncCancel,
  syncList,
  syncShow,
  syncStart,
  tokenAdd,
  tokenList,
  tokenRevoke,
  tokenShow,
  transferList,
  trashEmpty,
  trashList,
  trashRestore,
  unitList,
  unitShow,
  unitWork,
  userAdd,
  userLink,
  userList,
  userRemove,
  userSet,
  userShow,
  viewList,
  viewRemove,
  viewSave,
  viewSet,
  workCancel,
  workPause,
  workResume,
  workRetry,
  workerList,
  OutputOf,
} from '../operate/index.ts'

/** A part of a list. */
export interface Listed<Item> {
  items: Item[]
  /** The `cursor` of the page behind it; null on the last. */
  next: string | null
  /** How many there are on all pages. */
  count: number
  /** Whether that is all, or so many and more. */
  countIsExact: boolean
}

/** Items of what a verb answers as an array, or as a page of its own. */
type ItemOf<Output> = Output extends readonly (infer Item)[]
  ? Item
  : Extract<Output[keyof Output], readonly unknown[]>[number]

/** What a verb answers piece by piece. */
type PieceOf<Output> = Output extends AsyncIterable<infer Piece> ? Piece : never

export interface Table {
  /** Where everything stands: what runs, what waits for what, what failed and why */
  'GET /status': { kind: 'one'; input: { most?: number }; answer: OutputOf<typeof statusRead> }
  /** Servers, objects, units of work and logs that go by a name, a number or the beginning of it */
  'GET /search': { kind: 'one'; input: { q: string; limit?: number }; answer: OutputOf<typeof searchFind> }
  /** Workers that gave a sign of life in the last seconds */
  'GET /workers': { kind: 'list'; input: { limit?: number; cursor?: string }; answer: Listed<ItemOf<OutputOf<typeof workerList>>> }
  /** Checks configuration, store, key, capture, servers, routes and worker; says what to do */
  'GET /doctor': { kind: 'list'; input: Record<never, never>; answer: Listed<ItemOf<OutputOf<typeof doctorExamine>>> }
  /** What happened since a cursor; without one, what keeps work from being done, and where to go on */
  'GET /events': { kind: 'list'; input: { limit?: number; cursor?: string }; answer: Listed<ItemOf<OutputOf<typeof eventList>>> }
  /** What monitoring watches, as Prometheus reads it */
  'GET /metrics': { kind: 'plain'; input: Record<never, never>; answer: unknown }
  /** Whether all work waits, since when, by whom and why */
  'GET /pause': { kind: 'one'; input: Record<never, never>; answer: OutputOf<typeof pauseShow> }
  /** Lets all work wait, everywhere; nothing is lost */
  'POST /pause': { kind: 'act'; input: { reason?: string }; answer: OutputOf<typeof workPause> }
  /** Ends a pause */
  'DELETE /pause': { kind: 'act'; input: Record<never, never>; answer: OutputOf<typeof workResume> }
  /** Servers, by name */
  'GET /servers': { kind: 'list'; input: { q?: string; limit?: number; cursor?: string }; answer: Listed<ItemOf<OutputOf<typeof serverList>>> }
  /** One server: how it is reached, its key and tags, its routes, work and objects */
  'GET /servers/{server}': { kind: 'one'; input: { server: string }; answer: OutputOf<typeof serverShow> }
  /** Forgets a server, with what is known of it; what stands on it stays there */
  'DELETE /servers/{server}': { kind: 'act'; input: { server: string; force?: boolean; dryRun?: boolean; yes?: boolean }; answer: OutputOf<typeof serverRemove> }
  /** Lets the work of a server wait; nothing is lost */
  'POST /servers/{server}/hold': { kind: 'act'; input: { server: string; reason?: string; until?: unknown | string }; answer: OutputOf<typeof serverHold> }
  /** Registers a server; it works once its host key is approved */
  'POST /servers': { kind: 'act'; input: { name: string; host?: string; port?: number; user?: string; method?: "ssh" | "openssh" | "local" | "function"; identityFile?: string; sudo?: boolean; directory?: string; tags?: readonly (string)[]; acceptKey?: string; offline?: boolean; yes?: boolean }; answer: OutputOf<typeof serverAdd> }
  /** Changes how a server is reached, or its tags; its approved host key stays the only one that is accepted */
  'PATCH /servers/{server}': { kind: 'act'; input: { server: string; host?: string; port?: number; user?: string; method?: "ssh" | "openssh" | "local" | "function"; identityFile?: string | null; sudo?: boolean; directory?: string | null; tag?: readonly (string)[]; untag?: readonly (string)[]; offline?: boolean; dryRun?: boolean; yes?: boolean }; answer: OutputOf<typeof serverSet> }
  /** Connects to servers as scripts do: reachability, latency, host key, sudo, bash, flock */
  'POST /servers/check': { kind: 'act'; input: { servers?: readonly (string)[] }; answer: OutputOf<typeof serverCheck> }
  /** Connects to one server as scripts do */
  'POST /servers/{server}/check': { kind: 'act'; input: { server: string }; answer: OutputOf<typeof serverCheck> }
  /** Approves the host key that a server presents */
  'POST /servers/{server}/approve-key': { kind: 'act'; input: { server: string; fingerprint?: string; yes?: boolean }; answer: OutputOf<typeof serverApprove> }
  /** Ends a hold; what waited is due at once */
  'POST /servers/{server}/release': { kind: 'act'; input: { server: string }; answer: OutputOf<typeof serverRelease> }
  /** What runs on one server, what waits there, and for what */
  'GET /servers/{server}/lane': { kind: 'one'; input: { server: string; limit?: number }; answer: OutputOf<typeof laneShow> }
  /** Servers by backends: how much there is of each, and how much of it waits, runs or fails */
  'GET /matrix': { kind: 'one'; input: { limit?: number; cursor?: string; q?: string }; answer: OutputOf<typeof matrixRead> }
  /** What stands on one server */
  'GET /servers/{server}/placements': { kind: 'list'; input: { server: string; backend?: string; model?: string; object?: string; identity?: string; state?: "pending" | "applied" | "failed" | "deleting" | "kept"; q?: string; limit?: number; cursor?: string }; answer: Listed<ItemOf<OutputOf<typeof placeList>>> }
  /** What the last look at one server found otherwise than it should be */
  'GET /servers/{server}/findings': { kind: 'list'; input: { server: string; backend?: string; q?: string; limit?: number; cursor?: number }; answer: Listed<ItemOf<OutputOf<typeof driftList>>> }
  /** Routes, in the order they were added */
  'GET /routes': { kind: 'list'; input: { q?: string; limit?: number; cursor?: number }; answer: Listed<ItemOf<OutputOf<typeof routeList>>> }
  /** Sends the objects of a backend that match to a server, or to all servers with a tag */
  'POST /routes': { kind: 'act'; input: { backend: string; server?: string; tags?: readonly (string)[]; match?: string; dryRun?: boolean; yes?: boolean }; answer: OutputOf<typeof routeAdd> }
  /** What an expression would match of some objects, and what it gains and loses beside a route that is there */
  'POST /routes/preview': { kind: 'act'; input: { backend: string; match: string; route?: number; limit?: number }; answer: OutputOf<typeof routePreview> }
  /** One route, and where it leads now */
  'GET /routes/{route}': { kind: 'one'; input: { route: number }; answer: OutputOf<typeof routeShow> }
  /** Changes a route in place */
  'PATCH /routes/{route}': { kind: 'act'; input: { route: number; match?: string; server?: string; tags?: readonly (string)[]; dryRun?: boolean; yes?: boolean }; answer: OutputOf<typeof routeSet> }
  /** Removes a route: what it placed is kept, removed or moved as `onMove` of its backend says */
  'DELETE /routes/{route}': { kind: 'act'; input: { route: number; dryRun?: boolean; yes?: boolean }; answer: OutputOf<typeof routeRemove> }
  /** Lets the work of a route run again */
  'POST /routes/{route}/enable': { kind: 'act'; input: { route: number; dryRun?: boolean; yes?: boolean }; answer: OutputOf<typeof routeEnable> }
  /** Lets the work of a route wait; nothing is lost */
  'POST /routes/{route}/disable': { kind: 'act'; input: { route: number; dryRun?: boolean; yes?: boolean }; answer: OutputOf<typeof routeDisable> }
  /** The backends of the configuration, in the order of their scripts, with what they do by policy */
  'GET /backends': { kind: 'list'; input: Record<never, never>; answer: Listed<ItemOf<OutputOf<typeof backendList>>> }
  /** The models of the configuration: their tables, and who places their objects */
  'GET /models': { kind: 'list'; input: Record<never, never>; answer: Listed<ItemOf<OutputOf<typeof modelList>>> }
  /** What match expressions of a model can read: its fields, without what is secret, and the server */
  'GET /models/{model}/fields': { kind: 'one'; input: { model: string }; answer: OutputOf<typeof modelFields> }
  /** What the configuration has done by the clock, and what became of the last time */
  'GET /schedules': { kind: 'list'; input: Record<never, never>; answer: Listed<ItemOf<OutputOf<typeof scheduleList>>> }
  /** Has done at once what the configuration has done by the clock */
  'POST /schedules/{schedule}/run': { kind: 'act'; input: { schedule: string }; answer: OutputOf<typeof scheduleRun> }
  /** Objects that stand somewhere or are to, in their order; one fits when one of its placements does */
  'GET /objects': { kind: 'list'; input: { q?: string; limit?: number; cursor?: string }; answer: Listed<ItemOf<OutputOf<typeof objectList>>> }
  /** What was done with one object, is done, and waits, the newest first */
  'GET /objects/{object}/operations': { kind: 'list'; input: { object: string; q?: string; limit?: number; cursor?: number }; answer: Listed<ItemOf<OutputOf<typeof operationList>>> }
  /** What the last looks at servers found otherwise than it should be of one object */
  'GET /objects/{object}/findings': { kind: 'list'; input: { object: string; server?: string; backend?: string; q?: string; limit?: number; cursor?: number }; answer: Listed<ItemOf<OutputOf<typeof driftList>>> }
  /** Why an object is where it is: its routes, what stands where, what waits for what */
  'GET /objects/{object}/explain': { kind: 'one'; input: { object: string }; answer: OutputOf<typeof objectExplain> }
  /** Where one object stands */
  'GET /objects/{object}/placements': { kind: 'list'; input: { object: string; backend?: string; server?: string; state?: "pending" | "applied" | "failed" | "deleting" | "kept"; q?: string; limit?: number; cursor?: string }; answer: Listed<ItemOf<OutputOf<typeof placeList>>> }
  /** The scripts that did something with one object, the newest first */
  'GET /objects/{object}/history': { kind: 'list'; input: { object: string; server?: string; backend?: string; q?: string; limit?: number; cursor?: number }; answer: Listed<ItemOf<OutputOf<typeof logList>>> }
  /** Tries what failed or waits of an object again at once */
  'POST /objects/{object}/retry': { kind: 'act'; input: { object: string }; answer: OutputOf<typeof workRetry> }
  /** Revokes what waits of an object and ends what runs, on the server too */
  'POST /objects/{object}/cancel': { kind: 'act'; input: { object: string; server?: string; backend?: string }; answer: OutputOf<typeof workCancel> }
  /** Looks at the row of an object now, as after a change: what it wants elsewhere, or otherwise, follows */
  'POST /objects/{object}/collect': { kind: 'act'; input: { object: string }; answer: OutputOf<typeof objectCollect> }
  /** Gives up what stands on servers: it stays there, and nothing is known of it any more */
  'POST /objects/{object}/forget': { kind: 'act'; input: { object: string; server?: string; backend?: string; yes?: boolean }; answer: OutputOf<typeof objectForget> }
  /** What stands where, as far as Orchestra put it there, in the order of the objects */
  'GET /placements': { kind: 'list'; input: { server?: string; backend?: string; object?: string; model?: string; identity?: string; state?: "pending" | "applied" | "failed" | "deleting" | "kept"; q?: string; limit?: number; cursor?: string }; answer: Listed<ItemOf<OutputOf<typeof placeList>>> }
  /** What may not be removed, and who says so */
  'GET /protections': { kind: 'list'; input: { q?: string; limit?: number; cursor?: string }; answer: Listed<ItemOf<OutputOf<typeof protectionList>>> }
  /** Refuses the removal of an object or of all objects of a backend */
  'POST /protections': { kind: 'act'; input: { object?: string; backend?: string; reason?: string }; answer: OutputOf<typeof protectionAdd> }
  /** Ends a protection */
  'DELETE /protections': { kind: 'act'; input: { object?: string; backend?: string }; answer: OutputOf<typeof protectionRemove> }
  /** Data on its way from server to server, the oldest first */
  'GET /transfers': { kind: 'list'; input: { object?: string; q?: string; limit?: number; cursor?: number }; answer: Listed<ItemOf<OutputOf<typeof transferList>>> }
  /** What the trash of servers holds, oldest first */
  'GET /trash': { kind: 'list'; input: { backend?: string; limit?: number; cursor?: string }; answer: Listed<ItemOf<OutputOf<typeof trashList>>> }
  /** What the trash of one server holds */
  'GET /servers/{server}/trash': { kind: 'list'; input: { server: string; backend?: string; limit?: number; cursor?: string }; answer: Listed<ItemOf<OutputOf<typeof trashList>>> }
  /** Puts something back where it was */
  'POST /servers/{server}/trash/{id}/restore': { kind: 'act'; input: { server: string; id: string }; answer: OutputOf<typeof trashRestore> }
  /** Removes for good what is in the trash of one server */
  'POST /servers/{server}/trash/empty': { kind: 'act'; input: { server: string; olderThan?: number; yes?: boolean }; answer: OutputOf<typeof trashEmpty> }
  /** Removes for good what is in the trash of all servers */
  'POST /trash/empty': { kind: 'act'; input: { olderThan?: number; yes?: boolean }; answer: OutputOf<typeof trashEmpty> }
  /** What a server has already that could be taken over; changes nothing */
  'POST /adoptions/survey': { kind: 'act'; input: { server: string; backend?: string }; answer: OutputOf<typeof adoptionSurvey> }
  /** Takes over what a server has already */
  'POST /adoptions': { kind: 'act'; input: { server: string; backend?: string; objects?: readonly (string)[]; all?: boolean; overwrite?: boolean; yes?: boolean }; answer: OutputOf<typeof adoptionTake> }
  /** What was left to workers to do, and how far it is, the newest first: your own */
  'GET /requests': { kind: 'list'; input: { open?: boolean; limit?: number; cursor?: number }; answer: Listed<ItemOf<OutputOf<typeof requestList>>> }
  /** One request: how far it is, and what it answered or why it failed */
  'GET /requests/{request}': { kind: 'one'; input: { request: number }; answer: OutputOf<typeof requestShow> }
  /** Ends a request: one that waits at once, one that is at work as soon as that can be */
  'POST /requests/{request}/cancel': { kind: 'act'; input: { request: number }; answer: OutputOf<typeof requestCancel> }
  /** Saved views: your own, and those that are shown to everybody */
  'GET /views': { kind: 'list'; input: { page?: string; limit?: number; cursor?: string }; answer: Listed<ItemOf<OutputOf<typeof viewList>>> }
  /** Saves what a list is narrowed by under a name, over your own of that name */
  'POST /views': { kind: 'act'; input: { name: string; page: string; q?: string; sort?: string | null; shared?: boolean }; answer: OutputOf<typeof viewSave> }
  /** Changes a saved view: your own, or one that is shown to everybody */
  'PATCH /views/{view}': { kind: 'act'; input: { view: number; name?: string; page?: string; q?: string; sort?: string | null; shared?: boolean }; answer: OutputOf<typeof viewSet> }
  /** Removes a saved view: your own, or one that is shown to everybody */
  'DELETE /views/{view}': { kind: 'act'; input: { view: number }; answer: OutputOf<typeof viewRemove> }
  /** Does something to many objects or servers, each by itself: to those that are named, or to what fits */
  'POST /bulk': { kind: 'act'; input: { action: "retry" | "cancel" | "collect" | "forget" | "hold" | "release" | "check"; items?: readonly (string)[]; where?: { server?: string; backend?: string; model?: string; identity?: string; state?: "pending" | "applied" | "failed" | "deleting" | "kept"; tag?: string }; q?: string; reason?: string; until?: unknown | string; dryRun?: boolean; yes?: boolean }; answer: OutputOf<typeof bulkStart> }
  /** How far something is that is done to many, and how it ended so far */
  'GET /bulk/{bulk}': { kind: 'one'; input: { bulk: number }; answer: OutputOf<typeof bulkShow> }
  /** What became of each of many, in the order in which they are done */
  'GET /bulk/{bulk}/items': { kind: 'list'; input: { bulk: number; state?: "waiting" | "done" | "refused" | "failed"; limit?: number; cursor?: number }; answer: Listed<ItemOf<OutputOf<typeof bulkItems>>> }
  /** Ends what is done to many behind the one that it is at */
  'POST /bulk/{bulk}/cancel': { kind: 'act'; input: { bulk: number }; answer: OutputOf<typeof requestCancel> }
  /** The latest units of work */
  'GET /units': { kind: 'list'; input: { actor?: string; q?: string; limit?: number; cursor?: string }; answer: Listed<ItemOf<OutputOf<typeof unitList>>> }
  /** What became of a unit of work, object by object */
  'GET /units/{unit}': { kind: 'one'; input: { unit: string; wait?: number }; answer: OutputOf<typeof unitShow> }
  /** How many operations of a unit of work wait, run, and have ended */
  'GET /units/{unit}/work': { kind: 'one'; input: { unit: string }; answer: OutputOf<typeof unitWork> }
  /** Tries what failed of a unit of work again at once */
  'POST /units/{unit}/retry': { kind: 'act'; input: { unit: string }; answer: OutputOf<typeof workRetry> }
  /** Revokes what waits of a unit of work and ends what runs, on the server too */
  'POST /units/{unit}/cancel': { kind: 'act'; input: { unit: string }; answer: OutputOf<typeof workCancel> }
  /** Tries everything that has failed again at once */
  'POST /retry': { kind: 'act'; input: { failed: true }; answer: OutputOf<typeof workRetry> }
  /** Operations, the newest first: what was done, what runs, and what each of those that wait is waiting for */
  'GET /operations': { kind: 'list'; input: { q?: string; limit?: number; cursor?: number }; answer: Listed<ItemOf<OutputOf<typeof operationList>>> }
  /** Logs of scripts that fit, the newest first */
  'GET /logs': { kind: 'list'; input: { server?: string; backend?: string; object?: string; state?: "RECEIVED" | "STARTED" | "SUCCESS" | "FAILURE" | "ERROR" | "TIMEOUT" | "ABORTED" | "REVOKED" | "NOTHING"; text?: string; since?: unknown | string; q?: string; limit?: number; cursor?: number }; answer: Listed<ItemOf<OutputOf<typeof logList>>> }
  /** One log: its operations with their outcomes */
  'GET /logs/{log}': { kind: 'one'; input: { log: number }; answer: OutputOf<typeof logShow> }
  /** The script of a log, secrets by name */
  'GET /logs/{log}/script': { kind: 'text'; input: { log: number }; answer: string }
  /** The output of a log, byte for byte */
  'GET /logs/{log}/output': { kind: 'bytes'; input: { log: number }; answer: unknown }
  /** Some lines of the output of a log, from one on or the last, with where each stands */
  'GET /logs/{log}/lines': { kind: 'one'; input: { log: number; from?: number; lines?: number; tail?: number; stream?: "stdout" | "stderr" }; answer: OutputOf<typeof logLines> }
  /** The output of a log by the operations of its script: the lines of each, and how it ended */
  'GET /logs/{log}/sections': { kind: 'list'; input: { log: number }; answer: Listed<ItemOf<OutputOf<typeof logSections>>> }
  /** Where a text stands in the output of a log, to the letter */
  'GET /logs/{log}/search': { kind: 'one'; input: { log: number; q: string; limit?: number; from?: number }; answer: OutputOf<typeof logSearch> }
  /** Tries what failed of a log again at once */
  'POST /logs/{log}/retry': { kind: 'act'; input: { log: number }; answer: OutputOf<typeof workRetry> }
  /** Ends what runs of a log, on the server too */
  'POST /logs/{log}/cancel': { kind: 'act'; input: { log: number }; answer: OutputOf<typeof workCancel> }
  /** Synchronizations and checks that are open, or were stopped or failed and nothing came of it since */
  'GET /syncs': { kind: 'list'; input: { q?: string; limit?: number; cursor?: number }; answer: Listed<ItemOf<OutputOf<typeof syncList>>> }
  /** Has workers make rows, placements and servers agree, or only look what differs */
  'POST /syncs': { kind: 'act'; input: { server?: string; backend?: string; object?: string; model?: string; mode?: "sync" | "check"; allowDeletes?: number }; answer: OutputOf<typeof syncStart> }
  /** Where a synchronization or a check stands, and what a check found */
  'GET /syncs/{id}': { kind: 'one'; input: { id: number }; answer: OutputOf<typeof syncShow> }
  /** Ends a synchronization or a check where it is; what it recorded already is done */
  'POST /syncs/{id}/cancel': { kind: 'act'; input: { id: number }; answer: OutputOf<typeof syncCancel> }
  /** What the last looks at servers found otherwise than it should be */
  'GET /findings': { kind: 'list'; input: { server?: string; backend?: string; q?: string; limit?: number; cursor?: number }; answer: Listed<ItemOf<OutputOf<typeof driftList>>> }
  /** What the last looks at servers found, by what was done to it, the most frequent first */
  'GET /findings/causes': { kind: 'list'; input: { server?: string; backend?: string; q?: string; limit?: number; cursor?: string }; answer: Listed<ItemOf<OutputOf<typeof driftCauses>>> }
  /** Has what differs on servers, or is missing there, written again as the rows say: a cause, or what fits */
  'POST /findings/repair': { kind: 'act'; input: { cause?: string; server?: string; backend?: string; object?: string; q?: string; dryRun?: boolean }; answer: OutputOf<typeof driftRepair> }
  /** Plans that are kept, the newest first */
  'GET /plans': { kind: 'list'; input: { state?: "open" | "applied" | "rejected" | "stale" | "discarded"; q?: string; limit?: number; cursor?: number }; answer: Listed<ItemOf<OutputOf<typeof planList>>> }
  /** Makes a plan that is kept: others look at it and approve it, and exactly what it shows is done */
  'POST /plans': { kind: 'act'; input: { server?: string; backend?: string; object?: string; model?: string; allowDeletes?: number }; answer: OutputOf<typeof planKeep> }
  /** What is to be done, without asking any server: what waits, and what differs from what was placed */
  'POST /plans/preview': { kind: 'act'; input: { server?: string; backend?: string; object?: string; model?: string; scripts?: boolean; differences?: number; allowDeletes?: number }; answer: OutputOf<typeof planMake> }
  /** One plan that is kept: how much of what, whether somebody approved it, and what moved on since */
  'GET /plans/{plan}': { kind: 'one'; input: { plan: number }; answer: OutputOf<typeof planShow> }
  /** What a plan would do, operation by operation */
  'GET /plans/{plan}/operations': { kind: 'list'; input: { plan: number; kind?: "create" | "update" | "replace" | "rename" | "move" | "delete" | "action"; limit?: number; cursor?: number }; answer: Listed<ItemOf<OutputOf<typeof planOperations>>> }
  /** How what a plan would place differs from what was placed, as unified diffs with secrets by name */
  'GET /plans/{plan}/diffs': { kind: 'list'; input: { plan: number; limit?: number; cursor?: number }; answer: Listed<ItemOf<OutputOf<typeof planDiffs>>> }
  /** The scripts of a plan as they would run, with secrets by name */
  'GET /plans/{plan}/scripts': { kind: 'list'; input: { plan: number; limit?: number; cursor?: number }; answer: Listed<ItemOf<OutputOf<typeof planScripts>>> }
  /** Does what a plan shows, kept or saved, or nothing when the database or what stands moved on */
  'POST /plans/{plan}/apply': { kind: 'act'; input: { plan: number; allowDeletes?: number; breakGlass?: string }; answer: OutputOf<typeof planApply> }
  /** Lets another person do exactly what a saved plan shows, once, within 24 hours */
  'POST /plans/{plan}/approve': { kind: 'act'; input: { plan: number; reason?: string }; answer: OutputOf<typeof planApprove> }
  /** Says no to a saved plan: what others approved before counts no more */
  'POST /plans/{plan}/reject': { kind: 'act'; input: { plan: number; reason?: string }; answer: OutputOf<typeof planReject> }
  /** Ends a plan that nobody wants any more; nothing of it is done */
  'POST /plans/{plan}/discard': { kind: 'act'; input: { plan: number }; answer: OutputOf<typeof planDiscard> }
  /** What waits for somebody to approve it: plans that are kept, and host keys that servers present */
  'GET /approvals': { kind: 'list'; input: { limit?: number; cursor?: string }; answer: Listed<ItemOf<OutputOf<typeof approvalWaiting>>> }
  /** What was said of plans, the newest first */
  'GET /approvals/given': { kind: 'list'; input: { plan?: string; limit?: number; cursor?: number }; answer: Listed<ItemOf<OutputOf<typeof approvalList>>> }
  /** What went wrong, by its cause, the newest first */
  'GET /incidents': { kind: 'list'; input: { state?: "open" | "recovered" | "resolved"; server?: string; backend?: string; q?: string; limit?: number; cursor?: number }; answer: Listed<ItemOf<OutputOf<typeof incidentList>>> }
  /** One incident, and what became of it step by step */
  'GET /incidents/{incident}': { kind: 'one'; input: { incident: number }; answer: OutputOf<typeof incidentShow> }
  /** Tells nobody of an incident for some time; what becomes of it is noted */
  'POST /incidents/{incident}/mute': { kind: 'act'; input: { incident: number; until?: unknown | string; reason?: string }; answer: OutputOf<typeof incidentMute> }
  /** Says that somebody deals with an incident, until it is over */
  'POST /incidents/{incident}/acknowledge': { kind: 'act'; input: { incident: number; note?: string }; answer: OutputOf<typeof incidentAcknowledge> }
  /** Has all objects that fail now for the cause of an incident tried again, each with an outcome of its own */
  'POST /incidents/{incident}/retry': { kind: 'act'; input: { incident: number; dryRun?: boolean }; answer: OutputOf<typeof incidentRetry> }
  /** Makes an incident a part of another one of its server and backend, with all that fails for its cause later */
  'POST /incidents/{incident}/merge': { kind: 'act'; input: { incident: number; into: number }; answer: OutputOf<typeof incidentMerge> }
  /** Makes what was a part of another incident one of its own again */
  'POST /incidents/{incident}/split': { kind: 'act'; input: { incident: number }; answer: OutputOf<typeof incidentSplit> }
  /** Ends an incident that somebody has dealt with, until it is there again */
  'POST /incidents/{incident}/resolve': { kind: 'act'; input: { incident: number }; answer: OutputOf<typeof incidentResolve> }
  /** Who is told of incidents, and what was told last */
  'GET /channels': { kind: 'list'; input: { limit?: number; cursor?: string }; answer: Listed<ItemOf<OutputOf<typeof channelList>>> }
  /** Tells somebody of incidents: by mail, or by a webhook */
  'POST /channels': { kind: 'act'; input: { channel: string; mail?: { to: readonly (string)[]; from: string; smtp: string }; webhook?: { url: string; allowPrivate?: boolean; heartbeat?: number }; digest?: number }; answer: OutputOf<typeof channelAdd> }
  /** One who is told of incidents, and what was told last */
  'GET /channels/{channel}': { kind: 'one'; input: { channel: string }; answer: OutputOf<typeof channelShow> }
  /** Tells nobody any more by a channel */
  'DELETE /channels/{channel}': { kind: 'act'; input: { channel: string }; answer: OutputOf<typeof channelRemove> }
  /** Sends a message of no meaning by a channel, and says whether it arrived */
  'POST /channels/{channel}/test': { kind: 'act'; input: { channel: string }; answer: OutputOf<typeof channelTest> }
  /** What channels were told, and what they are to be, the newest first */
  'GET /deliveries': { kind: 'list'; input: { limit?: number; cursor?: number }; answer: Listed<ItemOf<OutputOf<typeof deliveryList>>> }
  /** What one channel was told, and what it is to be, the newest first */
  'GET /channels/{channel}/deliveries': { kind: 'list'; input: { channel: string; limit?: number; cursor?: number }; answer: Listed<ItemOf<OutputOf<typeof deliveryList>>> }
  /** Sends once more what a channel was told or could not be told */
  'POST /deliveries/{delivery}/redeliver': { kind: 'act'; input: { delivery: number }; answer: OutputOf<typeof deliveryRepeat> }
  /** Programs elsewhere that say that something is to be looked at, and what they said last */
  'GET /hooks': { kind: 'list'; input: { limit?: number; cursor?: string }; answer: Listed<ItemOf<OutputOf<typeof hookList>>> }
  /** Lets a program elsewhere say that something is to be looked at, and tells its secret this once */
  'POST /hooks': { kind: 'act'; input: { hook: string; does: "collect" | "check" | "sync"; user?: string; servers?: readonly (string)[]; backends?: readonly (string)[]; models?: readonly (string)[]; at?: { server?: string; backend?: string; model?: string; object?: string; key?: readonly (string)[] }; publicKey?: string }; answer: OutputOf<typeof hookAdd> }
  /** One of them, with what it was told within a week and what came of that, the newest first */
  'GET /hooks/{hook}': { kind: 'one'; input: { hook: string; before?: number; limit?: number }; answer: OutputOf<typeof hookShow> }
  /** Listens to a program elsewhere no more, and forgets what it said */
  'DELETE /hooks/{hook}': { kind: 'act'; input: { hook: string }; answer: OutputOf<typeof hookRemove> }
  /** What people did to Orchestra itself, the newest first */
  'GET /audit': { kind: 'list'; input: { by?: string; action?: string; target?: string; since?: unknown | string; q?: string; limit?: number; cursor?: number }; answer: Listed<ItemOf<OutputOf<typeof auditList>>> }
  /** Where the chain of the audit ends now, to be posted elsewhere */
  'GET /audit/head': { kind: 'one'; input: Record<never, never>; answer: OutputOf<typeof auditHead> }
  /** Whether the audit is as it was written: the first entry that does not fit */
  'GET /audit/verify': { kind: 'one'; input: { head?: string }; answer: OutputOf<typeof auditVerify> }
  /** Entries of the audit with their hashes, in the order in which they are chained */
  'GET /audit/export': { kind: 'lines'; input: { by?: string; action?: string; target?: string; since?: unknown | string; until?: unknown | string }; answer: unknown }
  /** The lines of a log from one on, live until it ends */
  'GET /logs/{log}/stream': { kind: 'stream'; input: { log: number; from?: number }; answer: { event: 'lines'; data: PieceOf<OutputOf<typeof logWatch>> } | { event: 'end'; data: OutputOf<typeof logShow> } }
  /** What happens from now on, or since a cursor, page by page as it happens */
  'GET /events/stream': { kind: 'stream'; input: { cursor?: string }; answer: { event: string; data: ItemOf<PieceOf<OutputOf<typeof eventFollow>>> } }
  /** Who can log in; oneself, without the permission to see others */
  'GET /users': { kind: 'list'; input: { limit?: number; cursor?: string }; answer: Listed<ItemOf<OutputOf<typeof userList>>> }
  /** Registers somebody who can log in */
  'POST /users': { kind: 'act'; input: { user: string; password?: string; role?: string; servers?: readonly (string)[]; backends?: readonly (string)[]; models?: readonly (string)[]; actions?: readonly (string)[] }; answer: OutputOf<typeof userAdd> }
  /** One who can log in */
  'GET /users/{user}': { kind: 'one'; input: { user: string }; answer: OutputOf<typeof userShow> }
  /** Gives somebody another password, or keeps him out; he is out everywhere at once */
  'PATCH /users/{user}': { kind: 'act'; input: { user: string; password?: string; disabled?: boolean }; answer: OutputOf<typeof userSet> }
  /** Removes somebody with his sessions, his tokens and what he was given */
  'DELETE /users/{user}': { kind: 'act'; input: { user: string }; answer: OutputOf<typeof userRemove> }
  /** Makes a link that lets somebody in once; the first makes the first admin */
  'POST /users/{user}/link': { kind: 'act'; input: { user: string }; answer: OutputOf<typeof userLink> }
  /** Who is logged in, and from where; oneself, without the permission to see others */
  'GET /sessions': { kind: 'list'; input: { user?: string; limit?: number; cursor?: string }; answer: Listed<ItemOf<OutputOf<typeof sessionList>>> }
  /** Logs somebody out */
  'DELETE /sessions/{session}': { kind: 'act'; input: { session: number }; answer: OutputOf<typeof sessionRevoke> }
  /** Sets of permissions that can be given */
  'GET /roles': { kind: 'list'; input: { limit?: number; cursor?: string }; answer: Listed<ItemOf<OutputOf<typeof roleList>>> }
  /** Defines a role */
  'POST /roles': { kind: 'act'; input: { role: string; permissions: readonly ("status.read" | "object.data" | "diff.read" | "output.read" | "script.read" | "secret.reveal" | "retry" | "cancel" | "collect" | "hold" | "pause" | "check" | "sync" | "prune" | "adopt" | "forget" | "trash" | "key.approve" | "route" | "server" | "protect" | "view.share" | "approve" | "reveal.approve" | "user" | "token" | "channel" | "audit")[] }; answer: OutputOf<typeof roleAdd> }
  /** One set of permissions that can be given */
  'GET /roles/{role}': { kind: 'one'; input: { role: string }; answer: OutputOf<typeof roleShow> }
  /** Gives a role other permissions, for all who have it */
  'PATCH /roles/{role}': { kind: 'act'; input: { role: string; permissions: readonly ("status.read" | "object.data" | "diff.read" | "output.read" | "script.read" | "secret.reveal" | "retry" | "cancel" | "collect" | "hold" | "pause" | "check" | "sync" | "prune" | "adopt" | "forget" | "trash" | "key.approve" | "route" | "server" | "protect" | "view.share" | "approve" | "reveal.approve" | "user" | "token" | "channel" | "audit")[] }; answer: OutputOf<typeof roleSet> }
  /** Removes a role that nobody has */
  'DELETE /roles/{role}': { kind: 'act'; input: { role: string }; answer: OutputOf<typeof roleRemove> }
  /** Who has which role, and for what */
  'GET /bindings': { kind: 'list'; input: { user?: string; token?: string; group?: string; role?: string; limit?: number; cursor?: string }; answer: Listed<ItemOf<OutputOf<typeof bindingList>>> }
  /** Gives a user, a token or a group a role, everywhere or for what the lists say */
  'POST /bindings': { kind: 'act'; input: { role: string; user?: string; token?: string; group?: string; servers?: readonly (string)[]; backends?: readonly (string)[]; models?: readonly (string)[]; actions?: readonly (string)[] }; answer: OutputOf<typeof bindingAdd> }
  /** To whom one role was given, and for what */
  'GET /bindings/{binding}': { kind: 'one'; input: { binding: number }; answer: OutputOf<typeof bindingShow> }
  /** Takes a role back */
  'DELETE /bindings/{binding}': { kind: 'act'; input: { binding: number }; answer: OutputOf<typeof bindingRemove> }
  /** What programs come in by; never the tokens themselves */
  'GET /tokens': { kind: 'list'; input: { user?: string; all?: boolean; limit?: number; cursor?: string }; answer: Listed<ItemOf<OutputOf<typeof tokenList>>> }
  /** Makes a token for a program, and tells it this once */
  'POST /tokens': { kind: 'act'; input: { token: string; role: string; user?: string; networks?: readonly (string)[]; days?: number; servers?: readonly (string)[]; backends?: readonly (string)[]; models?: readonly (string)[]; actions?: readonly (string)[] }; answer: OutputOf<typeof tokenAdd> }
  /** One that programs come in by; never the token itself */
  'GET /tokens/{token}': { kind: 'one'; input: { token: string }; answer: OutputOf<typeof tokenShow> }
  /** Ends a token */
  'DELETE /tokens/{token}': { kind: 'act'; input: { token: string }; answer: OutputOf<typeof tokenRevoke> }
}
