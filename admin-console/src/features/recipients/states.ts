import type { Health } from '@chappe/kit'

export const stateHealth: Record<string, Health> = { active: 'good', 'no-login': 'none', disabled: 'bad' }
