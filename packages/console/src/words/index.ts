import { createContext, use } from 'react'
import type { Words } from './en.ts'

export type { Words } from './en.ts'

const languages: Readonly<Record<string, () => Promise<Words>>> = {
  en: async () => (await import('./en.ts')).en,
  es: async () => (await import('./es.ts')).es,
  ca: async () => (await import('./ca.ts')).ca,
}

/** The first language of the browser that the console speaks; English where it speaks none of them. */
export const language =
  navigator.languages.map(([a, b]) => `${a}${b}`).find((one) => one in languages) ?? 'en'

/** How numbers and times are written: with the region that the browser names. */
export const locale = navigator.languages.find((one) => one.startsWith(language)) ?? language

/** Its words: one small file, loaded before anything is shown. */
export function loadWords(): Promise<Words> {
  return (languages[language] ?? (async () => (await import('./en.ts')).en))()
}

/**
 * What one screen says, beside it, loaded with it: `const words = inLanguage({ en: {…}, es: {…}, ca: {…} })`. What is said on several is
 * in the words of all.
 */
export function inLanguage<Own>(own: { en: Own; es: NoInfer<Own>; ca: NoInfer<Own> }): Own {
  return own[language as keyof typeof own]
}

/** Set around all that is shown. */
export const WordsContext = createContext<Words | null>(null)

export function useWords(): Words {
  const words = use(WordsContext)
  if (words === null) throw new Error('Nothing is shown without words')
  return words
}
