export { settled } from './settled.ts'
export { queryableOf, Unit, type UnitContext } from './unit.ts'
