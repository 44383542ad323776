import { invalid } from './check.ts'

/** What an application's customers are told of one of their objects. */
export const customerStates = ['saved', 'setting-up', 'done', 'delayed', 'needs-you', 'removing'] as const

export type CustomerState = (typeof customerStates)[number]

/** Texts by language (`en`, `pt-BR`) and state; what is left out is as Orchestra says it. */
export type Wording = Readonly<Record<string, Readonly<Partial<Record<CustomerState, string>>>>>

const LANGUAGE = /^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$/
const LONGEST_TEXT = 200

export function checkWording(wording: Wording = {}): Wording {
  for (const [language, texts] of Object.entries(wording)) {
    if (!LANGUAGE.test(language))
      throw invalid(
        `\`wording\` has the language ${JSON.stringify(language)}`,
        'Write a tag such as en or pt-BR',
      )
    for (const [state, text] of Object.entries(texts)) checkText(`wording.${language}.${state}`, state, text)
  }
  return wording
}

function checkText(where: string, state: string, text: unknown): void {
  if (!(customerStates as readonly string[]).includes(state))
    throw invalid(`\`${where}\` is of no state`, `There are ${customerStates.join(', ')}`)
  if (typeof text !== 'string' || text === '' || text.length > LONGEST_TEXT)
    throw invalid(`\`${where}\` is no text`, `It has 1 to ${LONGEST_TEXT} characters`)
}
