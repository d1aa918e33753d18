import './job_proc_lazy_main.mjs';
