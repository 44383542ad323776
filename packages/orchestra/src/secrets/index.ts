export { guardFunctions } from './guarded.ts'
export { noteSecret } from './notice.ts'
export { currentScope, keepingSecrets, type SecretScope } from './scope.ts'
export { rawSecretsIn, secretsIn } from './secrets-in.ts'
