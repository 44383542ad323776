import { useState } from 'react'
import { Button } from '../../parts/button.tsx'
import { inLanguage } from '../../words/index.ts'
import css from './now.module.css'

const own = inLanguage({
  en: {
    title: 'New here?',
    points: [
      'What needs a person stands on top: a key to compare, a plan to read, what fails and why.',
      'Ctrl K finds everything by its name; ? tells all keys.',
      'Everything that you see is in the address. Copy gives it as a link, a command, curl or JSON.',
    ],
    understood: 'Understood',
  },
  es: {
    title: '¿Primera vez?',
    points: [
      'Lo que necesita a una persona está arriba: una clave que comparar, un plan que leer, qué falla y por qué.',
      'Ctrl K lo encuentra todo por su nombre; ? dice todas las teclas.',
      'Todo lo que ve está en la dirección. Copiar lo da como enlace, orden, curl o JSON.',
    ],
    understood: 'Entendido',
  },
  ca: {
    title: 'Primera vegada?',
    points: [
      'El que necessita una persona és a dalt: una clau per comparar, un pla per llegir, què falla i per què.',
      'Ctrl K ho troba tot pel nom; ? diu totes les tecles.',
      'Tot el que veieu és a l’adreça. Copiar ho dona com a enllaç, ordre, curl o JSON.',
    ],
    understood: 'Entesos',
  },
})

const KEPT = 'orchestra-tour'

/** Three things to know, once in each browser. */
export function Tour() {
  const [isDone, setDone] = useState(wasSeen)
  if (isDone) return null
  const end = () => {
    setDone(true)
    remember()
  }
  return (
    <aside className={css.tour} aria-label={own.title}>
      <strong>{own.title}</strong>
      <ol>
        {own.points.map((point) => (
          <li key={point}>{point}</li>
        ))}
      </ol>
      <Button onPress={end}>{own.understood}</Button>
    </aside>
  )
}

/** A browser may keep nothing; then nobody is told each time anew. */
function wasSeen(): boolean {
  try {
    return localStorage.getItem(KEPT) !== null
  } catch {
    return true
  }
}

function remember(): void {
  try {
    localStorage.setItem(KEPT, 'seen')
  } catch {
    // It is gone for this visit all the same.
  }
}
