/* The smallest module that Redis loads: a name, no command. Redis hands over a pointer to the function that gives all
   others by name as the first member of the context, which is all that its header would do. */
typedef int (*get_api)(const char *name, void *function);
typedef void (*set_attributes)(void *context, const char *name, int version, int api);

int RedisModule_OnLoad(void *context, void **arguments, int count) {
    (void)arguments;
    (void)count;
    set_attributes set = 0;
    (*(get_api *)context)("RedisModule_SetModuleAttribs", &set);
    if (!set) return 1;
    set(context, "labsdummy", 1, 1);
    return 0;
}
