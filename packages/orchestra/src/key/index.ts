export { checkCanary, sealCanary } from './canary.ts'
export { dropKey } from './drop.ts'
export { type Progress, type Rotation, rotateKey } from './rotate.ts'
export { type KeyState, type KeyStatus, keyStatus } from './status.ts'
