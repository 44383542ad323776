export { addUser, listUsers, readUser, removeUser, setUser, type UserView } from './accounts.ts'
export { type Actor, assertMayGive, type Clock, type Owner } from './actor.ts'
export { countAdmins } from './admins.ts'
export { type Vouched, type VouchedFor, vouchFor } from './application.ts'
export {
  type ApprovalView,
  approvalReasons,
  fingerprintOf,
  listApprovals,
  type Person,
  planName,
  reasonsFor,
  type Standing,
  sayOfPlan,
  standingApprovals,
  takeApproval,
  voidPlan,
  waitsForApproval,
} from './approvals.ts'
export { authenticateSession, authenticateToken, type Identity, presentIdentity } from './authenticate.ts'
export { beginLogin, type Proofs, proofsOf, takeBegun } from './begun.ts'
export { type NewScope, scopeOf } from './bind.ts'
export {
  addBinding,
  type BindingView,
  listBindings,
  type Receiver,
  readBinding,
  receiverText,
  removeBinding,
} from './bindings.ts'
export { grantsOf } from './grants.ts'
export { enterByIdentity, type ProvenIdentity } from './identities.ts'
export { Limited } from './limited.ts'
export { enterByLink, firstLink, type LoginLink, makeLink } from './links.ts'
export { type Arrival, type Entered, login } from './login.ts'
export { isInNetworks, networkOf, siteOf as siteOfAddress } from './networks.ts'
export { type Permission, permissions, standardRoles } from './permissions.ts'
export { type Columns, predicate, rowPredicate } from './predicate.ts'
export { authenticateProxied } from './proxied.ts'
export { addRole, listRoles, type RoleView, readRole, removeRole, setRole } from './roles.ts'
export {
  allows,
  commonGrants,
  everything as everywhere,
  type Grant,
  isEverything,
  lacking as lackingOf,
  type Scope,
  type Subject,
  scopesOf,
} from './scope.ts'
export { closeSession, listSessions, revokeSession, type SessionView } from './sessions.ts'
export {
  addToken,
  listTokens,
  MOST_DAYS,
  ownerOf,
  readToken,
  revokeToken,
  type TokenMade,
  type TokenView,
} from './tokens.ts'
export { listViews, removeView, saveView, setView, type ViewOwner, type ViewView } from './views.ts'
