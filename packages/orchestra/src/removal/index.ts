export { type ForgetTarget, type Forgotten, forget, targetName, whatWouldBeForgotten } from './forget.ts'
export { type GivenUp, giveUp, placedIn } from './give-up.ts'
export {
  countProtections,
  findProtections,
  listProtections,
  type Protectable,
  type ProtectionView,
  protect,
  protectableName,
  protectionFilters,
  unprotect,
} from './protect.ts'
export { type Installed, readInstalled, type Uninstalled, uninstall } from './uninstall.ts'
