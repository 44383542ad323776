import { type ReactNode, useId } from 'react'
import { may, type Permission, useMe } from '../api/me.ts'
import { useWords } from '../words/index.ts'
import css from './button.module.css'

interface ButtonProps {
  onPress: () => void
  children: ReactNode
  /** The one that most people want here. */
  weight?: 'first'
  /** Why it does nothing now. It stays where it is, and can be reached by keys, so that everybody can read why. */
  reason?: string | undefined
  type?: 'button' | 'submit'
  /** Of one that turns something on and off. */
  isOn?: boolean
}

export function Button({ onPress, children, weight, reason, type = 'button', isOn }: ButtonProps) {
  const id = useId()
  const isOff = reason !== undefined
  const button = (
    <button
      type={type}
      className={css.button}
      data-weight={weight}
      aria-pressed={isOn}
      aria-disabled={isOff || undefined}
      aria-describedby={isOff ? id : undefined}
      onClick={isOff ? (event) => event.preventDefault() : onPress}
    >
      {children}
    </button>
  )
  if (!isOff) return button
  return (
    <span className={css.around}>
      {button}
      <span role="tooltip" id={id} className={css.reason}>
        {reason}
      </span>
    </span>
  )
}

/** A button for what not everybody may: who may not is told what he would need. */
export function ActButton({
  needs,
  server,
  ...button
}: ButtonProps & { needs: Permission; server?: string | undefined }) {
  const words = useWords()
  const me = useMe()
  const isAllowed = me === undefined || may(me, needs, server)
  return <Button {...button} reason={isAllowed ? button.reason : words.mayNot(needs)} />
}
