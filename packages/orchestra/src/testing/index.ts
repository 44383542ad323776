/** A kit for authors of backends: what every backend has to do right, checked in a throwaway directory or on a machine. */
export { bootstrapCommand } from '../script/index.ts'
export {
  type BackendCheckOptions,
  backendChecks,
  describeBackend,
  type TestFunction,
} from './backend-checks.ts'
export { type Check, type CheckKind, checkKinds } from './check.ts'
export type { Fixture, RawObject } from './fixture.ts'
export { type HostRun, type HostScript, runOn, type TestHost } from './host.ts'
export { runOperations, type WantedOperation } from './run.ts'
export { type SandboxHost, sandboxHost } from './sandbox.ts'
export { type SshHostOptions, sshHost } from './ssh-host.ts'
export { type Comparison, compareTrees, type PathPattern, type Tree, treeOf } from './tree.ts'
export type { Applied, Outcome } from './workbench.ts'
