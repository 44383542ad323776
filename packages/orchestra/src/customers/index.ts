export { type CustomerChange, type CustomerChanges, readChanges } from './changes.ts'
export { Signer } from './signing.ts'
export { type ChangesTokenOptions, type Claim, type CustomerObject, makeToken, readToken } from './token.ts'
