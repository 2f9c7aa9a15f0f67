import { Select } from '@mantine/core'
import { useDebouncedValue } from '@mantine/hooks'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { searchUsersQuery } from '../recipients/data'
import { useTexts } from './texts'

/** A user found by name or address while one types. */
export function PersonField({ value, label, onChange, autoFocus }: { value: string; label: string; onChange: (address: string) => void; autoFocus?: boolean }) {
  const say = useTexts()
  const [text, setText] = useState('')
  const [asked] = useDebouncedValue(text, 150)
  const users = useQuery(searchUsersQuery(asked === value ? '' : asked)).data ?? []
  const data = users.filter((u) => u.kind === 'user').map((u) => ({ value: u.address, label: `${u.name} (${u.address})` }))
  if (value && !data.some((d) => d.value === value)) data.unshift({ value, label: value })
  return (
    <Select
      label={label}
      description={say('personHelp')}
      searchable
      required
      openOnFocus={false}
      data={data}
      filter={({ options }) => options}
      value={value || null}
      onChange={(address) => onChange(address ?? '')}
      onSearchChange={(t) => setText(t.replace(/ \(.*\)$/, ''))}
      data-autofocus={autoFocus || undefined}
    />
  )
}
