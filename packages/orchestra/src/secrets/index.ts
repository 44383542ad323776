export { guardFunctions } from './guarded.ts'
export { currentScope, keepingSecrets, type SecretScope } from './scope.ts'
export { noteSecret } from './secret.ts'
export { rawSecretsIn, secretsIn } from './secrets-in.ts'
