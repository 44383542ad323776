export type { Address } from './address.ts'
export type { Answered } from './answered.ts'
export type { Authorize, Authorized } from './authorize.ts'
export {
  type Console,
  type ConsoleOptions,
  createConsole,
  type FastifyScope,
  type HonoContext,
} from './console.ts'
export { byCredentials } from './credentials.ts'
export { doors } from './doors/index.ts'
export { endpoints } from './endpoints/index.ts'
export { type Listening, type ListenOptions, listen, USUAL_PORT } from './listen.ts'
export { type ApiOptions, type OfferedApi, offerApi } from './offer.ts'
export { openApi } from './openapi.ts'
export { type Approach, type Authenticate, anybody, type Principal } from './principal.ts'
