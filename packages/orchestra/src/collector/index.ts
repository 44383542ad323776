export { changesOfUnit, placementsOf } from './changes.ts'
export { type Change, coalesce, type Wanted } from './coalesce.ts'
export { Collector, type CollectorOptions, type Look } from './collector.ts'
export {
  type Decision,
  decide,
  identityOf,
  methodOf,
  type Placed,
  type Routing,
  type World,
} from './decide.ts'
export { type Loaded, loadObjects } from './load.ts'
export { type LookContext, look } from './look.ts'
export { fromSnapshot, sealObject, toSnapshot } from './snapshot.ts'
