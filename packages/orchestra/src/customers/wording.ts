import type { CustomerState, Wording } from '../config/wording.ts'

const ours: Readonly<Record<string, Readonly<Record<CustomerState, string>>>> = {
  en: {
    saved: 'Saved',
    'setting-up': 'Being set up',
    done: 'Ready',
    delayed: 'This takes longer than usual. We are looking into it.',
    'needs-you': 'Please check what you entered',
    removing: 'Being removed',
  },
  es: {
    saved: 'Guardado',
    'setting-up': 'En preparación',
    done: 'Listo',
    delayed: 'Tarda más de lo habitual. Lo estamos revisando.',
    'needs-you': 'Revisa los datos introducidos',
    removing: 'Eliminándose',
  },
  ca: {
    saved: 'Desat',
    'setting-up': 'En preparació',
    done: 'A punt',
    delayed: "Triga més de l'habitual. Ho estem revisant.",
    'needs-you': 'Revisa les dades introduïdes',
    removing: "S'està eliminant",
  },
}

/** The text for a state: the application's, else ours, in the language that was asked for, else in the one that it is of, else in English. */
export function textFor(state: CustomerState, locale: string, wording: Wording): string {
  const languages = [locale, locale.split('-')[0] ?? '', 'en']
  for (const language of languages) {
    const text = own(own(wording, language), state) ?? own(own(ours, language), state)
    if (text !== undefined) return text
  }
  return state
}

/** A language is what a token says: it names nothing that every object has. */
function own<Value>(of: Readonly<Record<string, Value>> | undefined, name: string): Value | undefined {
  return of !== undefined && Object.hasOwn(of, name) ? of[name] : undefined
}
