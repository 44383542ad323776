import { useId } from 'react'
import css from './field.module.css'

/** What somebody is asked for. */
export interface Field {
  name: string
  label: string
  kind?: 'text' | 'password' | 'number' | 'datetime-local' | 'lines' | 'flag'
  /** What can be chosen from, where it is no free text. */
  choices?: readonly string[]
  isRequired?: boolean
  help?: string
  initial?: string
  most?: number
  /** Most leave it as it is: it is unfolded by who wants it. */
  isFurther?: boolean
}

/** What was written, by the names of the fields; a flag is `yes` or empty. */
export type Values = Readonly<Record<string, string>>

export function valuesOf(fields: readonly Field[]): Values {
  return Object.fromEntries(
    fields.map(({ name, initial, choices, isRequired }) => [
      name,
      initial ?? (isRequired === true ? choices?.[0] : undefined) ?? '',
    ]),
  )
}

/** Names that stand one behind the other, by blanks or commas. */
export function namesIn(text: string | undefined): string[] {
  return (text ?? '').split(/[\s,]+/).filter((name) => name !== '')
}

/** Of fields that were left empty nothing is said. */
export function given<Given extends object>(
  values: Given,
): { [Name in keyof Given]?: Exclude<Given[Name], undefined> } {
  return Object.fromEntries(
    Object.entries(values).filter(
      ([, value]) => value !== undefined && value !== '' && !(Array.isArray(value) && value.length === 0),
    ),
  ) as { [Name in keyof Given]?: Exclude<Given[Name], undefined> }
}

interface FieldInputProps {
  field: Field
  value: string
  onValue: (value: string) => void
  /** Whoever opened it goes on writing here. */
  isFirst?: boolean
}

export function FieldInput({ field, value, onValue, isFirst = false }: FieldInputProps) {
  const { label, help, kind } = field
  const id = useId()
  const helpId = `${id}-help`
  const about = {
    id,
    required: field.isRequired === true,
    'aria-describedby': help === undefined ? undefined : helpId,
    autoFocus: isFirst,
  }
  if (kind === 'flag')
    return (
      <label className={css.flag}>
        <input
          {...about}
          type="checkbox"
          checked={value === 'yes'}
          onChange={({ target }) => onValue(target.checked ? 'yes' : '')}
        />
        {label}
      </label>
    )
  return (
    <div className={css.field}>
      <label htmlFor={id}>{label}</label>
      <Control field={field} about={about} value={value} onValue={onValue} />
      {help === undefined ? null : (
        <small id={helpId} className={css.help}>
          {help}
        </small>
      )}
    </div>
  )
}

interface ControlProps extends FieldInputProps {
  about: Readonly<Record<string, unknown>>
}

function Control({
  field: { kind = 'text', choices, most = 2_000, isRequired },
  about,
  value,
  onValue,
}: ControlProps) {
  if (choices !== undefined)
    return (
      <select {...about} value={value} onChange={({ target }) => onValue(target.value)}>
        {isRequired === true ? null : <option value="">–</option>}
        {choices.map((choice) => (
          <option key={choice}>{choice}</option>
        ))}
      </select>
    )
  if (kind === 'lines')
    return (
      <textarea
        {...about}
        rows={3}
        value={value}
        maxLength={most}
        spellCheck={false}
        onChange={({ target }) => onValue(target.value)}
      />
    )
  return (
    <input
      {...about}
      type={kind}
      value={value}
      maxLength={most}
      autoComplete={kind === 'password' ? 'new-password' : 'off'}
      onChange={({ target }) => onValue(target.value)}
    />
  )
}
