export { isRegeneration } from './operations.ts'
export { recoverRegeneration } from './recover.ts'
export { regenerate } from './regenerate.ts'
export { handBack } from './settle.ts'
