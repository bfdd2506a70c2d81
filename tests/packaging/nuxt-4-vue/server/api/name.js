export default defineEventHandler(() => 'Ada');
