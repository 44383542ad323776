export {
  DoneMeanwhile,
  endingDelivery,
  type HookDelivery,
  identityOf as hookIdentity,
  listHookDeliveries,
  noteRefusal,
  noteResult,
  type ProvenHook,
  provenHook,
  receive as receiveDelivery,
} from './delivery.ts'
export {
  addHook,
  type Deed,
  deeds,
  grantOf as hookGrant,
  type HookAdded,
  type HookView,
  listHooks,
  type NewHook,
  type Pointers,
  readHook,
  removeHook,
} from './hook.ts'
export { pointerForm, textAt } from './pointer.ts'
export type { Proof } from './proof.ts'
