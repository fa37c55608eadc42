# LibTorch, from the PyTorch wheel that `tools/setup.sh torch` puts into .deps/torch. Only the trainer needs
# it: server and tracking build without. LIQUID_TRAIN = AUTO takes it when it is there, ON insists.

set(LIQUID_TRAIN AUTO CACHE STRING "Build the trainer, which needs LibTorch: ON, OFF or AUTO")
set(LIQUID_TORCH "${PROJECT_SOURCE_DIR}/.deps/torch/torch" CACHE PATH "Folder of the PyTorch wheel's torch package")

set(LIQUID_WITH_TRAIN OFF)
if(NOT LIQUID_TRAIN STREQUAL "OFF" AND EXISTS "${LIQUID_TORCH}/share/cmake/Torch/TorchConfig.cmake")
  set(LIQUID_WITH_TRAIN ON)
elseif(LIQUID_TRAIN STREQUAL "ON")
  message(FATAL_ERROR "LIQUID_TRAIN=ON, but there is no LibTorch in ${LIQUID_TORCH}: run tools/setup.sh torch, "
                      "or set LIQUID_TORCH to the torch folder of an installed PyTorch wheel")
endif()

if(LIQUID_WITH_TRAIN)
  # Not find_package(Torch): that looks for Caffe2's own dependencies (MKL, CUDA, kineto, protobuf), none of
  # which a user of the shared libraries needs, and warns about each.
  find_library(TORCH_CPU_LIBRARY torch_cpu PATHS "${LIQUID_TORCH}/lib" NO_DEFAULT_PATH REQUIRED)
  find_library(TORCH_LIBRARY torch PATHS "${LIQUID_TORCH}/lib" NO_DEFAULT_PATH REQUIRED)
  find_library(C10_LIBRARY c10 PATHS "${LIQUID_TORCH}/lib" NO_DEFAULT_PATH REQUIRED)
  find_library(TORCH_CUDA_LIBRARY torch_cuda PATHS "${LIQUID_TORCH}/lib" NO_DEFAULT_PATH)
  find_library(C10_CUDA_LIBRARY c10_cuda PATHS "${LIQUID_TORCH}/lib" NO_DEFAULT_PATH)
  add_library(libtorch INTERFACE)
  target_include_directories(libtorch SYSTEM INTERFACE "${LIQUID_TORCH}/include"
                             "${LIQUID_TORCH}/include/torch/csrc/api/include")
  target_link_libraries(libtorch INTERFACE "${TORCH_LIBRARY}" "${TORCH_CPU_LIBRARY}" "${C10_LIBRARY}")
  if(TORCH_CUDA_LIBRARY)
    # Nothing of ours names a symbol of it; loading it is what registers the CUDA device.
    target_link_libraries(libtorch INTERFACE "-Wl,--no-as-needed,${TORCH_CUDA_LIBRARY},${C10_CUDA_LIBRARY},--as-needed")
  endif()
  target_link_options(libtorch INTERFACE "-Wl,-rpath,${LIQUID_TORCH}/lib")
else()
  message(STATUS "No LibTorch in ${LIQUID_TORCH}: the trainer is left out (tools/setup.sh torch brings it)")
endif()
