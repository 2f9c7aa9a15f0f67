import { useFormat } from '@chappe/kit'
import type { RetentionRule } from './data'
import { useRetentionTexts } from './texts'

/** What a rule does, and from when, where that is still to come. */
export function useRuleWords(): (rule: RetentionRule) => string {
  const say = useRetentionTexts()
  const format = useFormat()
  return (rule) => {
    const words = say(`rule.${rule.action}`, { count: rule.days })
    return new Date(rule.appliesFrom).getTime() > Date.now() ? `${words} ${say('from', { date: format.dateTime(rule.appliesFrom) })}` : words
  }
}
