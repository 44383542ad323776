export { Crew } from './crew.ts'
export { isDecided } from './decided.ts'
export { allDuties, type Duties, dutiesOf } from './duties.ts'
export { type Generation, HAS_A_SAY, livingGenerations, register } from './living.ts'
export {
  backendLastKnown,
  isBackendUnknown,
  type LastKnown,
  type UnknownWork,
  unknownText,
  unknownWork,
} from './unknown.ts'
