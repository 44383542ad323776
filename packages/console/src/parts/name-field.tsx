import { useId } from 'react'

/** A name of those that there are; another can be written, and is refused by who knows. */
export function NameField({
  label,
  value,
  names,
  onChange,
  isRequired = false,
}: {
  label: string
  value: string
  names: readonly string[]
  onChange: (value: string) => void
  isRequired?: boolean
}) {
  const id = useId()
  return (
    <label>
      {label}
      <input
        value={value}
        list={id}
        required={isRequired}
        spellCheck={false}
        autoComplete="off"
        onChange={({ target }) => onChange(target.value)}
      />
      <datalist id={id}>
        {names.map((name) => (
          <option key={name} value={name} />
        ))}
      </datalist>
    </label>
  )
}
