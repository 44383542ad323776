export { changesOfUnit } from './changes.ts'
export { type Change, coalesce, type Scope, type Wanted } from './coalesce.ts'
export {
  type Decision,
  type DecisionKind,
  decide,
  identityOf,
  methodOf,
  type Routing,
  type World,
} from './decide.ts'
export { type Loaded, loadObjects } from './load.ts'
export { type LookContext, look } from './look.ts'
export { type Placed, type PlacementState, type Previous, placementsOf } from './placed.ts'
export { fromSnapshot, sealObject, toSnapshot } from './snapshot.ts'
