import { wordOf } from '@chappe/kit'
import { IconPlus, IconTrash } from '@chappe/kit/icons'
import { ActionIcon, Autocomplete, Button, Group, NumberInput, Select, Stack, Text } from '@mantine/core'
import classes from './policies.module.css'
import { ACTS, FOLDERS, type Rule } from './rules'
import { useTexts } from './texts'

/** Rules for keeping mail, one a line. */
export function RetentionFields({ value, onChange }: { value: Rule[]; onChange: (rules: Rule[]) => void }) {
  const say = useTexts()
  const set = (at: number, change: Partial<Rule>) => onChange(value.map((rule, i) => (i === at ? { ...rule, ...change } : rule)))
  return (
    <Stack gap="xs" role="group" aria-label={say('retention')}>
      <div>
        <Text size="sm" fw={500}>{say('retention')}</Text>
        <Text size="xs" c="dimmed">{say('retentionHelp')}</Text>
      </div>
      {value.map((rule, at) => (
        <div key={at} className={classes.rule}>
          <Autocomplete aria-label={say('folder')} data={FOLDERS} required value={rule.folder} onChange={(folder) => set(at, { folder })} />
          <NumberInput aria-label={say('days')} min={1} max={36500} allowDecimal={false} suffix={` ${say('daysUnit')}`} value={rule.days} onChange={(days) => set(at, { days: Number(days) || 1 })} />
          <Select aria-label={say('act')} allowDeselect={false} data={ACTS.map((act) => ({ value: act, label: wordOf(say, 'act', act) }))} value={rule.act} onChange={(act) => set(at, { act: act ?? 'delete' })} />
          <ActionIcon variant="subtle" color="gray" size={36} aria-label={say('removeRule')} onClick={() => onChange(value.filter((_, i) => i !== at))}>
            <IconTrash size={17} />
          </ActionIcon>
        </div>
      ))}
      <Group>
        <Button variant="default" size="xs" leftSection={<IconPlus size={15} />} onClick={() => onChange([...value, { folder: value.length === 0 ? '\\Junk' : '', days: 30, act: 'delete' }])}>
          {say('addRule')}
        </Button>
      </Group>
    </Stack>
  )
}
