import { type Around, held } from './place.ts'

/** What a server's mark says of a name: it is this object's, another's, nobody has it, or it does not tell. */
export type Whose = 'own' | 'other' | 'none' | 'unknown'

/**
 * Which of the names that an object may have it has. Where the server does not tell, a name that another object may have too counts
 * as that one's: whoever goes by too few names leaves something behind, whoever goes by too many removes what is another's.
 */
export function namesFound(
  asked: readonly string[],
  { rivals }: Pick<Around, 'rivals'>,
  whose: (identity: string) => Whose,
): string[] {
  return asked.filter((identity) => {
    const says = whose(identity)
    if (says !== 'unknown') return says === 'own'
    return rivals.every((rival) => held(rival).every((name) => name.identity !== identity))
  })
}
