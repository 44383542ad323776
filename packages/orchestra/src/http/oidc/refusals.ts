import { messageOf, OrchestraError } from '../../errors.ts'

export function declined(name: string, why: string): OrchestraError {
  return new OrchestraError('ORC_LOGIN_DECLINED', `${name} lets nobody in: ${why}`, {
    hint: 'Begin again; whoever runs the provider can tell more',
  })
}

export function failed(name: string, cause: unknown, why = reasonOf(cause)): OrchestraError {
  return new OrchestraError('ORC_PROVIDER_FAILED', `Nobody can come in by ${name}: ${why}`, {
    cause,
    hint: 'Try again later, come in by a password or a link, or compare `http.oidc` of the configuration with the provider',
  })
}

/** What went wrong is most often one error below. */
function reasonOf(cause: unknown): string {
  const below = cause instanceof Error && cause.cause instanceof Error ? cause.cause : undefined
  return [cause, below]
    .filter((one) => one !== undefined)
    .map((one) => messageOf(one).slice(0, 200))
    .join(': ')
}
